"""What the operator says while a calibration runs, heard between two planes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from deepz_live.acquire.errors import AcquisitionAbortedError


class FieldSkipped(Exception):  # noqa: N818 - no error: somebody asked for it
    """The field under way is left out."""


class FieldRepeated(Exception):  # noqa: N818
    """The field under way is taken anew."""


class Control:
    """Wishes from any thread; :meth:`checkpoint` on the run's own heeds them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._aborted = self._paused = False
        self._next: type[Exception] | None = None

    def abort(self) -> None:
        """End the run; this stays."""
        with self._changed:
            self._aborted = True
            self._changed.notify_all()

    def pause(self, paused: bool) -> None:
        """Hold at the next checkpoint, or go on."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def leave_field(self, how: type[Exception]) -> None:
        """Raise ``how`` once, at the next checkpoint, also out of a pause."""
        with self._changed:
            self._next, self._paused = how, False
            self._changed.notify_all()

    def checkpoint(self, on_hold: Callable[[bool], None] = lambda _: None) -> None:
        """Wait while paused; ``on_hold`` is told when that begins and ends.

        Raises
        ------
        AcquisitionAbortedError, FieldSkipped, FieldRepeated
            As somebody asked.
        """
        with self._changed:
            held = self._paused and not self._aborted
        if held:
            on_hold(True)
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or not self._paused)
            aborted, wish, self._next = self._aborted, self._next, None
        if held:
            on_hold(False)
        if aborted:
            raise AcquisitionAbortedError(
                "The calibration was stopped; the stacks finished so far are kept."
            )
        if wish is not None:
            raise wish
