"""The window waits for the disk before it goes."""

from __future__ import annotations

from types import SimpleNamespace

from deepz_live.gui.banner import Banner
from deepz_live.gui.see_out import see_out


class Bridge:
    """Ends when the disk is done; every wait is as long as the disk needs for one of ``steps``."""

    def __init__(self, steps: list[int]) -> None:
        self.steps = steps
        self.waits = 0

    def wait(self, timeout_s: float) -> bool:
        self.waits += 1
        if len(self.steps) > 1:
            self.steps.pop(0)
        return self.steps[0] == 0

    @property
    def live(self) -> SimpleNamespace:
        return SimpleNamespace(status=lambda: SimpleNamespace(queued=self.steps[0]))


def test_a_disk_is_waited_for_as_long_as_it_takes_something(qtbot):
    banner = Banner()
    qtbot.addWidget(banner)
    bridge = Bridge([90_000_000, 60_000_000, 30_000_000, 0])
    see_out(bridge, bridge.live, banner)
    assert bridge.waits == 3
    assert "90 MB" in banner.text


def test_a_disk_that_takes_nothing_does_not_keep_the_window(qtbot):
    banner = Banner()
    qtbot.addWidget(banner)
    bridge = Bridge([5_000_000, 5_000_000, 5_000_000])
    see_out(bridge, bridge.live, banner)
    assert bridge.waits == 1
    assert banner.text == ""
