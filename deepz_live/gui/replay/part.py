"""Keys of a replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.refocus.view import RefocusResult


class ReplayPart:
    """What the transport bar does, by keys."""

    menu = "&Session"
    docks: tuple[DockSpec, ...] = ()
    actions: Mapping[str, ActionSpec] = {
        "step_back": ActionSpec("One frame back", "Stand still, one frame back", "", (",",)),
        "step_on": ActionSpec("One frame on", "Stand still, one frame on", "", (".",)),
        "replay_a": ActionSpec("Play from here (A)", "The stretch begins here", "", ("Shift+A",)),
        "replay_b": ActionSpec("Play up to here (B)", "The stretch ends here", "", ("Shift+B",)),
        "replay_all": ActionSpec("Play all", "No stretch any more", "", ("Shift+C",)),
        "loop": ActionSpec("Loop", "At the end, or at B, begin anew", "", ("L",)),
    }

    def __init__(self, shop: Shop) -> None:
        transport = shop.transport
        self.deeds: Mapping[str, Callable[[], None]] = {
            "step_back": lambda: transport.step(-1),
            "step_on": lambda: transport.step(1),
            "replay_a": lambda: transport.set_end("a"),
            "replay_b": lambda: transport.set_end("b"),
            "replay_all": lambda: transport.set_end(""),
            "loop": transport.toggle_loop,
        }

    def use(self, live: LiveSession | None) -> None:
        """The window tells the transport itself."""

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Nothing follows single results."""

    def slow_tick(self) -> None:
        """The window updates the bar."""
