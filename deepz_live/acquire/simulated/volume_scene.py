"""A sample with an extent, seen through the optics: rendered a field at a time."""

from __future__ import annotations

import math

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from deepz_live.acquire.simulated.density import Grid
from deepz_live.acquire.simulated.samples.sample import Neurons, VolumeSample
from deepz_live.acquire.simulated.scene import BEAD_EXPOSURE_MS, Point
from deepz_live.acquire.simulated.specimen import Beads
from deepz_live.acquire.simulated.transfer import Transfer
from deepz_live.acquire.simulated.volume import Volume
from deepz_live.config import Camera, Specimen

GUARD_UM = 3.0
"""How far the view may move sideways before its field is rendered anew."""
_REFERENCE_UM = 10.0
_TAPS = 4
Floats = NDArray[np.float32]


class VolumeScene:
    """Fields of a sample as volumes of planes; a plane is shifted to where the view is.

    Pixels of a field lie on a lattice fixed in the sample, on which the view lies when the stage
    stands at a whole number of pixels: such a move shifts the image exactly. Between pixels a
    plane is interpolated by cubic splines' local kin (Catmull-Rom, four taps an axis).
    """

    def __init__(
        self,
        sample: VolumeSample,
        transfer: Transfer,
        specimen: Specimen,
        camera: Camera,
        pixel_um: float,
    ) -> None:
        self._sample, self._transfer, self._pixel = sample, transfer, pixel_um
        self.shape = (camera.height_px, camera.width_px)
        self._background = specimen.background_photons
        self._scale = np.float32(specimen.peak_electrons / self._reference_peak())
        self._guard = math.ceil(GUARD_UM / pixel_um)
        self._field: tuple[tuple[int, int], Volume] | None = None
        self._planes: tuple[object, Floats] | None = None

    def electrons(
        self, stage_um: Point, drift_um: Point, exposure_ms: float, time_s: float = 0.0
    ) -> Floats:
        offset = [(stage_um[axis] - drift_um[axis]) / self._pixel for axis in (1, 2)]
        centre, volume = self._field_at((offset[0], offset[1]))
        height = stage_um[0] - drift_um[0]
        if self._planes is None or self._planes[0] != (centre, height):
            self._planes = ((centre, height), volume.planes(height))
        image = np.tensordot(self._sample.weights(time_s), self._planes[1], axes=1)
        for axis in (0, 1):
            place = offset[axis] - centre[axis] + self._guard
            image = _cut(image, place, self.shape[axis], axis)
        image = np.maximum(image, 0)
        image *= self._scale
        image += np.float32(self._background)
        image *= np.float32(exposure_ms / BEAD_EXPOSURE_MS)
        return np.asarray(image, dtype=np.float32)

    def beads(self, stage_um: Point, drift_um: Point) -> Beads:  # noqa: ARG002
        return Beads(np.empty((0, 3)), np.empty(0))

    def neurons(self, stage_um: Point, drift_um: Point) -> Neurons:
        """The neurons whose centres are on the sensor now."""
        low, high = (
            (
                stage_um[1] - drift_um[1] + sign * self.shape[0] * self._pixel / 2,
                stage_um[2] - drift_um[2] + sign * self.shape[1] * self._pixel / 2,
            )
            for sign in (-1, 1)
        )
        return self._sample.neurons(low, high)

    def traces(self, neurons: Neurons, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(N, T)`` brightness; times after the microscope was opened."""
        weights = np.stack([self._sample.weights(float(t)) for t in times_s], axis=1)
        if len(weights) != neurons.loadings.shape[1]:
            return np.ones((len(neurons), len(times_s)))
        return np.asarray(neurons.loadings @ weights)

    def _field_at(self, offset: tuple[float, float]) -> tuple[tuple[int, int], Volume]:
        """The field that holds the view, and the lattice place of its centre."""
        room = self._guard - _TAPS
        if self._field is not None:
            centre, _ = self._field
            if max(abs(a - b) for a, b in zip(offset, centre, strict=True)) <= room:
                return self._field
        centre = (round(offset[0]), round(offset[1]))
        self._field = None  # let go of the old one's memory first
        self._field = (centre, self._render(centre))
        return self._field

    def _render(self, centre: tuple[int, int]) -> Volume:
        margin = math.ceil(self._transfer.grid.radius_um / self._pixel)
        kept = [side + 2 * self._guard for side in self.shape]
        sides = [scipy.fft.next_fast_len(side + 2 * margin, real=True) for side in kept]
        # Sensor row r of a view at lattice place 0 is lattice row r; its middle is the origin.
        first = [centre[axis] - self._guard - margin for axis in (0, 1)]
        origin = [(first[axis] - (self.shape[axis] - 1) / 2) * self._pixel for axis in (0, 1)]
        grid, lowest = self._grid((origin[0], origin[1]), (sides[0], sides[1]))
        return Volume(
            self._sample.densities(grid),
            self._transfer,
            self._pixel,
            first_height=lowest,
            keep=(slice(margin, margin + kept[0]), slice(margin, margin + kept[1])),
            points=self._sample.points,
        )

    def _grid(self, origin_um: tuple[float, float], sides: tuple[int, int]) -> tuple[Grid, int]:
        step = self._transfer.grid.step_um
        half = math.ceil(self._sample.thickness_um / 2 / step) + 1
        grid = Grid(
            origin_um=(-half * step, *origin_um),
            step_um=(step, self._pixel, self._pixel),
            shape=(2 * half + 1, *sides),
        )
        return grid, -half

    def _reference_peak(self) -> float:
        side = 2 * math.ceil(_REFERENCE_UM / self._pixel) + 1
        edge = -(side // 2) * self._pixel
        grid, lowest = self._grid((edge, edge), (side, side))
        volume = Volume(
            [self._sample.reference(grid)],
            self._transfer,
            self._pixel,
            first_height=lowest,
            keep=(slice(None), slice(None)),
            points=self._sample.points,
        )
        return float(volume.planes(0.0).max())


def _cut(image: Floats, place: float, count: int, axis: int) -> Floats:
    """``count`` pixels along an axis, beginning at a place between pixels."""
    first = math.floor(place + 1e-6)
    part = place - first
    if part > 1e-6:
        taps = _catmull_rom(part)
        image = correlate1d(image, taps, axis=axis, mode="nearest", origin=-1)
    cut = [slice(None), slice(None)]
    cut[axis] = slice(first, first + count)
    return image[tuple(cut)]


def _catmull_rom(t: float) -> NDArray[np.float64]:
    """Weights of the pixels -1, 0, 1, 2 for the place ``t`` between 0 and 1."""
    return np.array(
        [
            0.5 * (-t + 2 * t**2 - t**3),
            0.5 * (2 - 5 * t**2 + 3 * t**3),
            0.5 * (t + 4 * t**2 - 3 * t**3),
            0.5 * (-(t**2) + t**3),
        ]
    )
