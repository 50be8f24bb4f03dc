"""The spot check itself: a few planes with the stage, back, refocus, compare."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.errors import AcquisitionAbortedError, MicroscopeError
from deepz_live.acquire.microscope import Microscope
from deepz_live.app.spot_check.look import Look
from deepz_live.app.spot_check.plan import SpotCheckError, check_distances
from deepz_live.app.spot_check.result import SpotCheckResult, checked
from deepz_live.image.metrics import correlation
from deepz_live.refocus.check import same_pixel_size
from deepz_live.stream.frame import Frame

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle

Image = NDArray[np.float32]
Refocus = Callable[[Frame, Sequence[float]], Image]
"""Planes ``(P, Y, X)`` counts of a frame at refocus distances."""


@dataclass(frozen=True, slots=True)
class SpotCheckProgress:
    """``done`` of ``steps``, and what is done now."""

    done: int
    steps: int
    text: str


class Lock(Protocol):
    """The focus lock, which must not move the stage meanwhile."""

    @property
    def locked(self) -> bool:
        """True while it holds the focus."""

    def lock(self) -> None:
        """Hold the focus where it is now."""

    def unlock(self) -> None:
        """Let the focus go."""

    def set_aside(self, on: bool) -> None:
        """While ``on``, somebody else moves the stage; waits for a move of its own."""


class SpotCheck:
    """One check around the present focus; :meth:`run` blocks, everything else is for any thread.

    However it ends, the focus is where it began; the shutter is closed unless frames go on coming
    for somebody else; a focus lock that held holds again.

    Parameters
    ----------
    look
        Where frames come from.
    refocus
        What the model makes of the frame at the present focus.
    lock
        Let go of meanwhile.
    report
        Called on the thread of :meth:`run`.
    """

    def __init__(
        self,
        microscope: Microscope,
        bundle: Bundle,
        look: Look,
        refocus: Refocus,
        *,
        lock: Lock | None = None,
        report: Callable[[SpotCheckProgress], None] = lambda _: None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._microscope, self._bundle = microscope, bundle
        self._look, self._refocus, self._lock = look, refocus, lock
        self._report, self._wall_clock = report, wall_clock
        self._aborted = threading.Event()
        self._done = self._steps = 0
        self._is_back = False

    def abort(self) -> None:
        """Stop soon; any number of times."""
        self._aborted.set()

    def run(self) -> SpotCheckResult:
        """Scan, come back, compare.

        Raises
        ------
        SpotCheckError
            The model cannot be checked here; nothing has moved.
        AcquisitionAbortedError
            :meth:`abort` was called.
        MicroscopeError
            Camera or stage failed.
        FocusLockError
            A move of the focus lock does not end; nothing was checked.
        RefocusError
            The network failed; the focus is back by then.
        """
        microscope, bundle = self._microscope, self._bundle
        self._require_pixels()
        with self._aside():
            # Where the lock has left the stage: a move of its own may have been under way.
            start_um = microscope.z_um
            distances = check_distances(bundle.facts, start_um, microscope.profile.stage)
            self._done, self._steps = 0, len(distances) + 3
            before, measured, after = self._scan(start_um, distances)
        self._say("refocusing")
        refocused = self._refocus(before, distances)
        rows = tuple(
            checked(bundle, before.pixels, plane, frame.pixels, dz)
            for dz, plane, frame in zip(distances, refocused, measured, strict=True)
        )
        repeat = correlation(before.pixels, after.pixels)
        return SpotCheckResult(bundle, before.channel, start_um, rows, repeat, self._wall_clock())

    def _scan(
        self, start_um: float, distances: Sequence[float]
    ) -> tuple[Frame, list[Frame], Frame]:
        """The frame at the focus, those around it, and again that at the focus."""
        measured = []
        try:
            self._say("at the focus")
            before = self._look.take(self._checkpoint)
            for dz_um in distances:
                self._say(f"{dz_um:+g} µm")
                self._checkpoint()
                self._is_back = False
                self._microscope.move_z(start_um + dz_um)
                measured.append(self._look.take(self._checkpoint))
            self._say("back where it began")
            self._microscope.move_z(start_um)
            self._is_back = True
            after = self._look.take(self._checkpoint)
        except BaseException as error:
            failed = self._bring_back(start_um)
            if failed is not None and isinstance(error, AcquisitionAbortedError):
                raise failed from error
            # After an error its cause is what the operator must read first.
            raise
        if not self._look.streaming:
            self._microscope.close_shutter()
        return before, measured, after

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Without the focus lock; afterwards it holds again, if the focus is where it was."""
        lock = self._lock
        if lock is None:
            yield
            return
        held, self._is_back = lock.locked, True
        lock.unlock()
        lock.set_aside(True)
        try:
            yield
        finally:
            lock.set_aside(False)
            if held and self._is_back and self._look.streaming:
                lock.lock()

    def _bring_back(self, start_um: float) -> MicroscopeError | None:
        """Focus back, shutter closed unless somebody streams: each, even if the other fails."""
        if self._microscope.closed:
            return None  # whoever closes a microscope brings it back
        failed: list[MicroscopeError] = []
        if not self._look.streaming:
            try:
                self._microscope.close_shutter()
            except MicroscopeError as error:
                failed.append(error)
        try:
            self._microscope.move_z(start_um)
            self._is_back = True
        except MicroscopeError as error:
            failed.append(error)
        return failed[0] if failed else None

    def _checkpoint(self) -> None:
        if self._aborted.is_set():
            raise AcquisitionAbortedError(
                "The spot check was stopped; the focus is back where it began."
            )

    def _say(self, text: str) -> None:
        self._report(SpotCheckProgress(self._done, self._steps, text))
        self._done += 1

    def _require_pixels(self) -> None:
        found, wanted = self._microscope.pixel_size_um, self._bundle.facts.pixel_size_um
        if not same_pixel_size(found, wanted):
            raise SpotCheckError(
                f"The camera's pixels are {found:.4g} µm wide and the model's {wanted:.4g} µm, so "
                "there is nothing to compare; open a bundle for this magnification and binning."
            )
