"""Images of beads through a phase mask, over defocus.

Such a PSF is not circular, so whole images are kept, finer than the light can vary, and a bead at
any sub-pixel position is read from them by cubic splines.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import spline_filter
from scipy.special import j0

from deepz_live.acquire.simulated import cache
from deepz_live.acquire.simulated.optics import BEAD_RADIUS_UM, optics_key
from deepz_live.acquire.simulated.point_psf import PsfGrid, psf_grid
from deepz_live.acquire.simulated.pupil import Pupil
from deepz_live.config import Optics

_FINEST = 0.9
"""Of the step that an intensity of this aperture just bears, λ / (4 NA)."""
_PADDING = 32

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class MaskedPsf:
    """Image of a 300 nm bead by height above the focal plane of the clear pupil.

    Attributes
    ----------
    heights_um
        ``(H,)`` in even steps.
    splines
        ``(H, R, R)`` coefficients of cubic B-splines, in steps of ``step_um``, the bead in the
        middle; 1 is the central pixel of a bead in focus *without* the mask.
    reach_um
        ``(H,)`` distance within which the light is known.
    """

    heights_um: Floats
    splines: Floats
    reach_um: Floats
    step_um: float

    def reach_at(self, height_um: float) -> float:  # noqa: ARG002
        """Distance in µm up to which a bead's light is drawn."""
        return float(self.reach_um[0])

    def patch(self, height_um: float, y_um: Floats, x_um: Floats, peak: float = 1.0) -> Floats:
        """``(Y, X)`` at offsets from the bead, linear between heights, the ends continued."""
        rows, top, down = self._weights(y_um)
        columns, left, across = self._weights(x_um)
        part = self._coefficients(height_um, slice(*rows), slice(*columns))
        lines = np.zeros((len(y_um), part.shape[1]), np.float32)
        for k in range(4):
            lines += down[:, k, None] * part[top + k]
        image = np.zeros((len(y_um), len(x_um)), np.float32)
        for k in range(4):
            image += across[:, k] * lines[:, left + k]
        return np.asarray(np.maximum(image, 0) * np.float32(peak), np.float32)

    def image(
        self, height_um: float, shape: tuple[int, int], centre_px: tuple[float, float], pixel: float
    ) -> Floats:
        """Bead image ``(Y, X)``, its centre at ``centre_px`` (y, x), pixels of ``pixel`` µm."""
        y, x = (
            ((np.arange(side) - centre) * pixel).astype(np.float32)
            for side, centre in zip(shape, centre_px, strict=True)
        )
        return self.patch(height_um, y, x)

    def _coefficients(self, height_um: float, rows: slice, columns: slice) -> Floats:
        last = len(self.heights_um) - 1
        step = float(self.heights_um[1] - self.heights_um[0])
        place = min(max((height_um - float(self.heights_um[0])) / step, 0.0), float(last))
        low = min(int(place), last - 1)
        weight = np.float32(place - low)
        below, above = (self.splines[n, rows, columns] for n in (low, low + 1))
        return np.asarray(below * (1 - weight) + above * weight)

    def _weights(self, offsets_um: Floats) -> tuple[tuple[int, int], NDArray[np.intp], Floats]:
        """Range of coefficients, first of each offset's four in it ``(N,)``, weights ``(N, 4)``."""
        side = self.splines.shape[1]
        place = offsets_um.astype(np.float64) / self.step_um + side // 2
        first = np.floor(place).astype(np.intp) - 1
        known = (first >= 0) & (first + 3 < side)
        first = np.clip(first, 0, side - 4)
        t = place - first - 1
        weights = np.stack(
            [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3], axis=1
        )
        weights = np.where(known[:, None], weights / 6, 0).astype(np.float32)
        low = int(first.min())
        return (low, int(first.max()) + 4), first - low, weights


@functools.lru_cache(maxsize=2)
def masked_psf(optics: Optics) -> MaskedPsf:
    """The images for these optics; computed once (half a minute) and kept on disk.

    Raises
    ------
    MicroscopeError
        Numerical aperture not below the immersion index, or no pixel size.
    """
    grid = psf_grid(optics)
    places = _places(optics, grid)
    shape = (len(grid.heights_um), len(places) ** 2)
    file = cache.cache_file("masked", [*optics_key(optics), BEAD_RADIUS_UM])
    splines = cache.load(file, shape)
    if splines is None:
        splines = _compute(optics, grid, places).reshape(shape)
        cache.save(file, splines)
    reach = np.full(shape[0], grid.radius_um, np.float32)
    images = splines.reshape(shape[0], len(places), len(places))
    step = float(places[1] - places[0])
    return MaskedPsf(grid.heights_um.astype(np.float32), images, reach, step)


def _places(optics: Optics, grid: PsfGrid) -> NDArray[np.float64]:
    """Where rows and columns lie: whole fractions of a pixel, 0 in the middle."""
    pixel_um = optics.pixel_size_um or 0.0
    finest = _FINEST * optics.emission_nm / 1000 / (4 * optics.na)
    step = pixel_um / math.ceil(pixel_um / finest)
    half = math.ceil(grid.radius_um / step) + 2
    return np.asarray(np.arange(-half, half + 1) * step, np.float64)


def _compute(optics: Optics, grid: PsfGrid, places: NDArray[np.float64]) -> Floats:
    clear = Pupil(optics.model_copy(update={"phase_mask": "none"})).intensity(0.0, places)
    seen = _seen_by_pixels(places, optics.pixel_size_um or 0.0)
    peak = _blurred(clear, seen).max()
    pupil = Pupil(optics)
    splines = np.empty((len(grid.heights_um), len(places), len(places)), np.float32)
    for number, height in enumerate(grid.heights_um):
        image = _blurred(pupil.intensity(float(height), places), seen) / peak
        spline_filter(image, order=3, output=splines[number], mode="mirror")
    return splines


def _seen_by_pixels(places: NDArray[np.float64], pixel_um: float) -> NDArray[np.float64]:
    """Transfer of bead and pixel, by the frequencies of a real FFT of the padded image.

    The bead is a ring with a sphere's lateral spread (variance R²/5 an axis), as for the circular
    PSF; its light is integrated over the pixel.
    """
    size, step = scipy.fft.next_fast_len(len(places) + _PADDING, real=True), places[1] - places[0]
    y = scipy.fft.fftfreq(size, step)[:, None]
    x = scipy.fft.rfftfreq(size, step)[None, :]
    ring = j0(2 * np.pi * np.hypot(y, x) * BEAD_RADIUS_UM * np.sqrt(0.4))
    return np.asarray(ring * np.sinc(y * pixel_um) * np.sinc(x * pixel_um))


def _blurred(image: Floats, seen: NDArray[np.float64]) -> Floats:
    rows, columns = image.shape
    spectrum = scipy.fft.rfft2(image, s=(len(seen), len(seen))) * seen
    blurred = scipy.fft.irfft2(spectrum, s=(len(seen), len(seen)))
    return np.asarray(np.maximum(blurred[:rows, :columns], 0), np.float32)
