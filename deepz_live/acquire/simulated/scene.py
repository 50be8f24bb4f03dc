"""What the built-in camera would see without noise: electrons a sensor pixel."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.bead_images import BeadImages
from deepz_live.acquire.simulated.specimen import Beads, BeadSample, StackSample
from deepz_live.config import Camera, Specimen

BEAD_EXPOSURE_MS = 20.0
Point = tuple[float, float, float]


class Scene(Protocol):
    """A sample seen through the optics."""

    @property
    def shape(self) -> tuple[int, int]:
        """``(Y, X)`` of the sensor."""

    def electrons(
        self, stage_um: Point, drift_um: Point, exposure_ms: float, time_s: float = 0.0
    ) -> NDArray[np.float32]:
        """Mean electrons ``(Y, X)``; stage and drift as (z, y, x) in µm. Do not write to it.

        ``time_s`` counts from when the microscope was opened, for samples that change.
        """

    def beads(self, stage_um: Point, drift_um: Point) -> Beads:
        """The beads whose centres are on the sensor now, where they lie in the undrifted sample."""


class BeadScene:
    """Beads through the PSF: every bead adds its patch at its exact sub-pixel place."""

    def __init__(
        self,
        sample: BeadSample,
        images: BeadImages,
        specimen: Specimen,
        camera: Camera,
        pixel_um: float,
    ) -> None:
        self._sample, self._images, self._pixel = sample, images, pixel_um
        self._peak = specimen.peak_electrons
        self._background = specimen.background_photons
        self.shape = (camera.height_px, camera.width_px)
        self._last: tuple[object, NDArray[np.float32]] | None = None

    def electrons(
        self,
        stage_um: Point,
        drift_um: Point,
        exposure_ms: float,
        time_s: float = 0.0,  # noqa: ARG002
    ) -> NDArray[np.float32]:
        key = (stage_um, drift_um, exposure_ms)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        image = np.full(self.shape, self._background, dtype=np.float32)
        margin = float(self._images.reach_um.max())
        beads = self._near(stage_um, drift_um, margin)
        for point, brightness in zip(beads.positions_um, beads.brightness, strict=True):
            row, column = self._pixels(point, stage_um, drift_um)
            height = float(point[0]) + drift_um[0] - stage_um[0]
            self._add(image, height, row, column, self._peak * float(brightness))
        image *= np.float32(exposure_ms / BEAD_EXPOSURE_MS)
        self._last = (key, image)
        return image

    def beads(self, stage_um: Point, drift_um: Point) -> Beads:
        return self._near(stage_um, drift_um, 0.0)

    def _near(self, stage_um: Point, drift_um: Point, margin_um: float) -> Beads:
        half = [(side * self._pixel) / 2 + margin_um for side in self.shape]
        centre = [stage_um[axis] - drift_um[axis] for axis in (1, 2)]
        low = (centre[0] - half[0], centre[1] - half[1])
        return self._sample.within(low, (centre[0] + half[0], centre[1] + half[1]))

    def _pixels(
        self, point: NDArray[np.float64], stage_um: Point, drift_um: Point
    ) -> tuple[float, float]:
        row, column = (
            (float(point[axis]) + drift_um[axis] - stage_um[axis]) / self._pixel
            + (self.shape[axis - 1] - 1) / 2
            for axis in (1, 2)
        )
        return row, column

    def _add(
        self, image: NDArray[np.float32], height: float, row: float, column: float, peak: float
    ) -> None:
        reach = self._images.reach_at(height) / self._pixel
        top, bottom = max(int(row - reach), 0), min(int(row + reach) + 2, self.shape[0])
        left, right = max(int(column - reach), 0), min(int(column + reach) + 2, self.shape[1])
        if top >= bottom or left >= right:
            return
        y = (np.arange(top, bottom) - row) * self._pixel
        x = (np.arange(left, right) - column) * self._pixel
        patch = self._images.patch(height, y.astype(np.float32), x.astype(np.float32), peak)
        image[top:bottom, left:right] += patch


class StackScene:
    """A recorded stack: the plane at the stage's z, shifted by stage and drift in y and x."""

    def __init__(self, sample: StackSample, camera: Camera, pixel_um: float) -> None:
        self._sample, self._pixel = sample, pixel_um
        self._gain = camera.electrons_per_count
        self._exposure = camera.exposure_ms
        self.shape = sample.shape
        self._last: tuple[object, NDArray[np.float32]] | None = None

    def electrons(
        self,
        stage_um: Point,
        drift_um: Point,
        exposure_ms: float,
        time_s: float = 0.0,  # noqa: ARG002
    ) -> NDArray[np.float32]:
        key = (stage_um, drift_um, exposure_ms)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        plane = self._sample.plane(stage_um[0] - drift_um[0])
        for axis in (0, 1):
            moved = (drift_um[axis + 1] - stage_um[axis + 1]) / self._pixel
            plane = _shifted(plane, moved, axis)
        plane = plane * np.float32(self._gain * exposure_ms / self._exposure)
        self._last = (key, plane)
        return plane

    def beads(self, stage_um: Point, drift_um: Point) -> Beads:  # noqa: ARG002
        return Beads(np.empty((0, 3)), np.empty(0))


def _shifted(plane: NDArray[np.float32], pixels: float, axis: int) -> NDArray[np.float32]:
    """``plane`` moved towards higher indices, linear between pixels, edges continued."""
    if pixels == 0:
        return plane
    size = plane.shape[axis]
    place = np.clip(np.arange(size) - pixels, 0, size - 1)
    low = np.minimum(place.astype(np.intp), max(size - 2, 0))
    weight = (place - low).astype(np.float32)
    weight = weight[:, None] if axis == 0 else weight[None, :]
    below = np.take(plane, low, axis=axis)
    above = np.take(plane, np.minimum(low + 1, size - 1), axis=axis)
    return np.asarray(below + (above - below) * weight, dtype=np.float32)
