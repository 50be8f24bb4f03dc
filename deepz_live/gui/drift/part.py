"""Drift: reference, compensated view, focus lock; curves of the last minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.focus_lock import LockStatus
from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.drift.panel import DriftCurves, DriftPanel
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.refocus.drift import LOW_CONFIDENCE
from deepz_live.refocus.view import RefocusResult

DRIFT_SAMPLES = 4000


class DriftPart:
    """Between the panel and the live session that is shown."""

    menu = "&Microscope"
    actions: Mapping[str, ActionSpec] = {
        "reference": ActionSpec(
            "Set drift reference", "Measure drift from now on", "reference", ("Ctrl+R",)
        ),
        "focus_lock": ActionSpec(
            "Lock focus / let go", "The stage follows the measured drift", "target", ("Ctrl+L",)
        ),
    }

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.panel = DriftPanel()
        self._lock_text = ""
        self.deeds: Mapping[str, Callable[[], None]] = {
            "reference": self.set_reference,
            "focus_lock": self.toggle_focus_lock,
        }
        self.docks = (DockSpec("drift", "Drift", self.panel, "right", shown=True),)
        self.panel.reference_wanted.connect(self.set_reference)
        self.panel.compensate_wanted.connect(shop.view.hold_still)
        self.panel.lock_wanted.connect(self.lock_focus)

    def use(self, live: LiveSession | None) -> None:
        """Another session, or none."""
        panel = self.panel
        panel.set_enabled(live is not None and live.engine is not None)
        panel.set_compensating(False)
        panel.set_lockable(live is not None and live.focus_lock is not None)
        self._lock_text = ""
        panel.show_curves(drift_curves(np.zeros((0, 5))), None)

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Curves follow in :meth:`slow_tick`."""

    def slow_tick(self) -> None:
        """Curves, numbers and the state of the lock."""
        live = self._shop.shown
        if live is None:
            return
        self._show_lock(live.status().focus)
        table = live.drift_table(DRIFT_SAMPLES)
        if len(table):
            self.panel.show_curves(drift_curves(table), float(table[-1, 4]))

    def set_reference(self) -> None:
        """Measure drift from the next frame on."""
        live = self._shop.shown
        if live is not None:
            live.set_reference()

    def lock_focus(self, on: bool) -> None:
        """Let the stage follow the measured drift, or let it stand."""
        live = self._shop.shown
        if live is not None and live.focus_lock is not None:
            live.set_focus_lock(on)
            self._show_lock(live.focus_lock.status)
        else:
            self.panel.show_lock(False)

    def toggle_focus_lock(self) -> None:
        """The key: lock, or let go."""
        live = self._shop.shown
        lock = live.focus_lock if live is not None else None
        self.lock_focus(lock is not None and not lock.locked)

    def _show_lock(self, focus: LockStatus | None) -> None:
        """The button, and once the sentence with which the lock gave up."""
        self.panel.show_lock(focus is not None and focus.state == "locked")
        sentence = focus.text if focus is not None and focus.state == "stopped" else ""
        if sentence != self._lock_text:
            self._lock_text = sentence
            if sentence:
                self._shop.fail(FocusLockError(sentence))


class FocusLockError(RuntimeError):
    """The lock gave up; its sentence says why."""


def drift_curves(table: NDArray[np.float64]) -> DriftCurves:
    """Samples ``(N, 5)`` (:meth:`LiveSession.drift_table`); those not trusted leave a gap."""
    drift_um = table[:, 1:4].copy()
    drift_um[table[:, 4] < LOW_CONFIDENCE] = np.nan
    return DriftCurves(table[:, 0], drift_um)
