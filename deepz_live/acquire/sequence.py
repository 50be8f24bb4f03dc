"""Running the z-stack of one field and channel through pymmcore-plus and keeping its frames."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import useq
from numpy.typing import NDArray

from deepz_live.acquire.engine import TIME_TAG, Z_TAG, StackEngine
from deepz_live.acquire.errors import AcquisitionAbortedError, LimitError, MicroscopeError
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.plan import check_plan
from deepz_live.acquire.strict_engine import in_charge

_LOOK_EVERY_S = 0.25
_EXPOSURES = 5
"""A camera may take so many exposure times for a frame before it counts as stuck."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """One plane as it arrives: the ``count``-th, ``pixels (Y, X)``, where the stage stood, when."""

    count: int
    pixels: NDArray[Any]
    z_um: float
    time_s: float


class StackRun:
    """The z-stack of one field: one plan, run once.

    The acquisition has a thread of its own, which a camera that never answers may block for
    ever; :meth:`run` gives up on it. ``checkpoint`` is called on that thread before each plane:
    it may wait there, and what it raises ends the stack.
    """

    def __init__(
        self,
        microscope: Microscope,
        plan: useq.MDASequence,
        *,
        checkpoint: Callable[[], None] = lambda: None,
    ) -> None:
        self._microscope, self._plan, self._checkpoint = microscope, plan, checkpoint
        self._arrived: queue.SimpleQueue[Plane | None] = queue.SimpleQueue()
        self._engine = StackEngine(microscope, checkpoint)
        self._wanted = len(list(plan))
        self._error: Exception | None = None
        self._count = 0
        # Asked now: a camera that is stuck does not tell its exposure.
        self._slack_s = _EXPOSURES * microscope.exposure_ms / 1000

    @property
    def read_back(self) -> bool:
        """Whether the stage was asked for each plane's z, or its z is as commanded."""
        return self._engine.read_back

    def cancel(self) -> None:
        """Break off a sequence that the hardware runs, where no checkpoint is passed."""
        self._microscope.core.mda.cancel()

    def run(self, on_plane: Callable[[Plane], None] = lambda _: None) -> list[Plane]:
        """The planes in the plan's order, each with its z (:attr:`read_back`).

        ``on_plane`` is called on the calling thread; what it raises ends the stack.

        Raises
        ------
        LimitError
            The plan leaves the limits; nothing has moved.
        AcquisitionAbortedError
            :meth:`cancel` was called.
        MicroscopeError
            A device failed or planes are missing.
        """
        check_plan(self._plan, self._microscope.profile)
        planes: list[Plane] = []
        thread = threading.Thread(target=self._acquire, name="z-stack", daemon=True)
        thread.start()
        try:
            while (plane := self._next()) is not None:
                planes.append(plane)
                on_plane(plane)
        except BaseException:
            self._give_up(thread)
            raise
        thread.join()
        if self._error is not None:
            raise self._error
        if len(planes) != self._wanted:
            self._checkpoint()  # whoever broke it off may have said why
            raise AcquisitionAbortedError(
                f"The z-stack was stopped after {len(planes)} of {self._wanted} planes."
            )
        return planes

    def _next(self) -> Plane | None:
        """The next plane, None at the end. Raises where a device never answers."""
        began = time.monotonic()
        while True:
            try:
                return self._arrived.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                if self._engine.busy_with == "operator":
                    began = time.monotonic()
            patience_s = self._patience_s
            if time.monotonic() - began > patience_s:
                self._engine.given_up = True
                raise MicroscopeError(
                    f"The {self._engine.busy_with} has not answered for {patience_s:.1f} s after "
                    f"plane {self._count} of {self._wanted}; check its cable and power."
                )

    @property
    def _patience_s(self) -> float:
        profile = self._microscope.profile
        return profile.camera.timeout_s + profile.stage.timeout_s + self._slack_s

    def _give_up(self, thread: threading.Thread) -> None:
        """Let nothing move any more, so that whoever is told of the failure can bring things back.

        A device that never answers has been waited for already.
        """
        if not self._engine.given_up:
            self._engine.given_up = True
            self.cancel()
            thread.join(self._patience_s)

    def _acquire(self) -> None:
        with self._microscope.acquiring:
            self._acquire_alone()

    def _acquire_alone(self) -> None:
        runner = self._microscope.core.mda
        runner.events.frameReady.connect(self._keep, check_nargs=False)
        try:
            with in_charge(self._engine, runner):
                runner.run(self._plan)
        except (RuntimeError, TimeoutError, ValueError, OSError) as error:
            self._error = self._sentence(error)
        except Exception as error:
            self._error = error
        finally:
            runner.events.frameReady.disconnect(self._keep)
            self._arrived.put(None)

    def _sentence(self, error: Exception) -> Exception:
        if isinstance(error, (AcquisitionAbortedError, LimitError)):
            return error
        told = MicroscopeError(
            f"The z-stack stopped after {self._count} of {self._wanted} planes: {error}"
        )
        told.__cause__ = error
        return told

    def _keep(self, pixels: NDArray[Any], _: useq.MDAEvent, facts: Any) -> None:
        self._count += 1
        self._arrived.put(
            Plane(self._count, pixels.copy(), float(facts[Z_TAG]), float(facts[TIME_TAG]))
        )
