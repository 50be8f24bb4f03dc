"""Running a plan through pymmcore-plus and keeping its frames."""

from __future__ import annotations

import queue
from collections.abc import Callable

import numpy as np
import useq
from numpy.typing import NDArray

from deepz_live.acquire.errors import AcquisitionAbortedError, MicroscopeError
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.plan import check_plan


class StackRun:
    """The z-stack of one field: one plan, run once, in the calling thread.

    ``planes`` counts the frames that have arrived; another thread may look at it and may call
    :meth:`cancel`.
    """

    def __init__(self, microscope: Microscope, plan: useq.MDASequence) -> None:
        self._microscope, self._plan = microscope, plan
        self._arrived: queue.SimpleQueue[tuple[NDArray[np.generic], useq.MDAEvent]]
        self._arrived = queue.SimpleQueue()
        self._cancelled = False
        self.planes = 0

    def cancel(self) -> None:
        """Stop after the plane under way; :meth:`run` then raises AcquisitionAbortedError."""
        self._cancelled = True
        self._microscope.core.mda.cancel()

    def run(
        self, on_plane: Callable[[int], None] = lambda _: None
    ) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
        """``(Z, Y, X)`` counts and ``(Z,)`` stage z in µm, in the plan's order.

        ``on_plane(count)`` is called on the thread of the acquisition: it must be quick.

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
        runner = self._microscope.core.mda
        wanted = len(list(self._plan))

        def keep(pixels: NDArray[np.generic], event: useq.MDAEvent, *_: object) -> None:
            self._arrived.put((pixels.copy(), event))
            self.planes += 1
            if self._cancelled:
                # A cancel before the runner was under way has been forgotten by it.
                runner.cancel()
            on_plane(self.planes)

        runner.events.frameReady.connect(keep, check_nargs=False)
        try:
            if not self._cancelled:
                runner.run(self._plan)
        except (RuntimeError, TimeoutError, ValueError, OSError) as error:
            if not self._cancelled:
                raise MicroscopeError(
                    f"The z-stack stopped after {self.planes} of {wanted} planes ({error}); "
                    "check camera and stage."
                ) from error
        finally:
            runner.events.frameReady.disconnect(keep)
        if self._cancelled:
            raise AcquisitionAbortedError(
                f"The z-stack was stopped after {self.planes} of {wanted} planes."
            )
        return self._collected(wanted)

    def _collected(self, wanted: int) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
        frames = [self._arrived.get() for _ in range(self._arrived.qsize())]
        if len(frames) != wanted:
            raise MicroscopeError(
                f"The z-stack has {len(frames)} of {wanted} planes: the camera took no picture "
                "of the others; check its cable and power."
            )
        heights = [float(event.z_pos) for _, event in frames if event.z_pos is not None]
        return np.stack([pixels for pixels, _ in frames]), np.array(heights)
