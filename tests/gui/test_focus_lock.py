"""The switch of the focus lock in the real window."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PyQt6.QtCore import Qt

from deepz_live.app.focus_lock import FocusLock
from deepz_live.config import Stage
from deepz_live.refocus.drift import DriftSample

WAIT_MS = 20_000


class StillStage:
    """A stage that nobody needs to move."""

    z_um = 0.0
    profile = SimpleNamespace(stage=Stage())

    @staticmethod
    def clock() -> float:
        return 0.0

    def move_z(self, z_um: float) -> None:
        raise AssertionError("there is nothing to follow")


@pytest.fixture
def locking(qtbot, opened):
    lock = FocusLock(StillStage())
    window = opened(focus_lock=lock)
    qtbot.waitUntil(window.parts[0].panel.lock.isEnabled, timeout=WAIT_MS)
    return window, lock


def test_the_button_and_the_key_lock_and_let_go(qtbot, locking):
    window, lock = locking
    assert not lock.locked
    window.parts[0].panel.lock.click()
    assert lock.locked
    qtbot.waitUntil(
        lambda: window.status_line.text("focus") == "focus held, 0.00 µm", timeout=WAIT_MS
    )
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not lock.locked
    assert not window.parts[0].panel.lock.isChecked()
    qtbot.waitUntil(lambda: window.status_line.text("focus") == "", timeout=WAIT_MS)


def test_a_lock_that_gives_up_says_so_and_the_button_comes_out(qtbot, locking):
    window, lock = locking
    window.parts[0].panel.lock.click()
    for _ in range(lock.settings.patience):
        lock.step(DriftSample(1e9, 0.0, 0.0, 0.0, 0.0), 0.0)
    qtbot.waitUntil(lambda: "Focus lock stopped" in window.banner.text, timeout=WAIT_MS)
    assert not window.parts[0].panel.lock.isChecked()
    assert window.status_line.text("focus") == "focus lock stopped"
    assert window.status_line.role("focus") == "caution"


def test_without_a_stage_there_is_nothing_to_lock(opened):
    window = opened()
    assert not window.parts[0].panel.lock.isEnabled()
    window.actions_by_key["focus_lock"].trigger()
    assert not window.parts[0].panel.lock.isChecked()
