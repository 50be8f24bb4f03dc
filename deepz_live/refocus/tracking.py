"""Where the sample of the reference is in each frame; flagged measurements hold it still."""

from __future__ import annotations

import threading
from collections.abc import Callable

from deepz_live.refocus.drift import DriftEstimator, DriftSample
from deepz_live.refocus.stack import Stack
from deepz_live.refocus.view import Shift
from deepz_live.stream.frame import Frame

STILL = DriftSample(0.0, 0.0, 0.0, 0.0, 1.0)


class Tracking:
    """Measures drift on the refocus thread; :meth:`set_reference` may be called from any.

    In frames for which ``moved_during`` is true the stage was under way: nothing is measured.
    Drift is measured in ``channel`` alone (None: in every frame).
    """

    def __init__(
        self,
        z_planes_um: tuple[float, ...],
        pixel_size_um: float,
        *,
        channel: str | None,
        moved_during: Callable[[Frame], bool],
    ) -> None:
        self._drift = DriftEstimator(z_planes_um, pixel_size_um)
        self._pixel_size_um = pixel_size_um
        self._channel, self._moved_during = channel, moved_during
        self._wanted = threading.Event()
        self._good = STILL
        self.on_reference: list[Callable[[Frame], None]] = []

    def set_reference(self) -> None:
        """Measure against the next frame."""
        self._wanted.set()

    def measure(self, stack: Stack, frame: Frame) -> DriftSample | None:
        """The drift in ``frame``; None where it is not measured."""
        if self._channel is not None and frame.channel != self._channel:
            return None
        if self._drift.has_reference and self._moved_during(frame):
            return None  # a reference that is wanted is taken from a later frame
        if self._wanted.is_set() or not self._drift.has_reference:
            self._wanted.clear()
            self._drift.set_reference(stack, z_um=frame.z_um)
            self._good = DriftSample(frame.time_s, 0.0, 0.0, 0.0, 1.0)
            for listener in self.on_reference:
                listener(frame)
            return self._good
        sample = self._drift.measure(stack, time_s=frame.time_s, z_um=frame.z_um)
        if not sample.flagged:
            self._good = sample
        return sample

    def shift(self, frame: Frame) -> Shift:
        """Where the reference's sample is in ``frame``, by the last measurement to be trusted."""
        if not self._drift.has_reference:
            return Shift()  # another channel came first
        stage_um = frame.z_um - self._drift.reference_z_um
        return Shift(
            dz_um=self._good.dz_um - stage_um,
            dy_px=self._good.dy_um / self._pixel_size_um,
            dx_px=self._good.dx_um / self._pixel_size_um,
        )
