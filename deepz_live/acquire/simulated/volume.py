"""Densities in space as the microscope shows them, plane by plane."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from deepz_live.acquire.simulated.transfer import Transfer

Floats = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

MEMORY_BYTES = 200 * 2**20
"""Rendered planes that are kept; the least recently used go first."""
_BLOCK = 4
_RINGS_PER_STEP = 4
_CHUNK = 8
_WORKERS = min(os.cpu_count() or 1, 8)


class Volume:
    """Densities convolved with the PSF over heights; planes are rendered when asked for.

    The image at stage height ``z`` is the sum over heights ``h`` of the density there convolved
    with the PSF of ``h - z``. In lateral frequency this is, for all frequencies of one radius, a
    matrix (planes x heights) times the density's spectra: a matrix product a ring. Frequencies
    are told apart in quarters of the grid's frequency step.

    Parameters
    ----------
    densities
        ``(H, Y, X)`` each, on the pixel grid of the image and on heights in steps of the
        transfer function's, ``first_height`` the number of the lowest one (0: z = 0). The grid is
        periodic sideways: a margin of the PSF's reach belongs around what is kept.
    points
        The densities hold points shared linearly between voxels, and what that blurs sideways
        is undone.
    """

    def __init__(
        self,
        densities: Iterable[Floats],
        transfer: Transfer,
        pixel_um: float,
        *,
        first_height: int,
        keep: tuple[slice, slice],
        points: bool,
    ) -> None:
        self._transfer, self._pixel, self._keep = transfer, pixel_um, keep
        self._first, self._points = first_height, points
        self._limit = len(transfer.grid.heights_um) // 2
        self._spectra: list[Spectrum] = []
        self._shape = (0, 0)
        for density in densities:
            self._add(density)
        self._blocks: OrderedDict[int, Floats] = OrderedDict()

    def planes(self, z_um: float) -> Floats:
        """``(K, Y, X)`` at a stage height, one plane a density, linear between the grid's heights.

        Beyond the range of the PSF the outermost plane is shown.
        """
        place = min(max(z_um / self._transfer.grid.step_um, -self._limit), self._limit)
        low = min(int(np.floor(place)), self._limit - 1)
        weight = np.float32(place - low)
        if weight < 1e-6:
            return self._plane(low)
        below = self._plane(low)
        return np.asarray(below + (self._plane(low + 1) - below) * weight)

    def _plane(self, number: int) -> Floats:
        block, within = divmod(number, _BLOCK)
        if block in self._blocks:
            self._blocks.move_to_end(block)
        else:
            self._blocks[block] = self._render(np.arange(_BLOCK) + block * _BLOCK)
            size = self._blocks[block].nbytes
            while len(self._blocks) > max(2, MEMORY_BYTES // size):
                self._blocks.popitem(last=False)
        return np.asarray(self._blocks[block][:, within])

    def _add(self, density: Floats) -> None:
        if not self._spectra:
            self._shape = (density.shape[1], density.shape[2])
            self._order, self._bounds, radii, pixel = self._rings()
            self._otf = self._transfer.at(radii)
            self._pixel_response = pixel
        spectrum = np.empty((len(density), len(self._order)), np.complex64)
        for first in range(0, len(density), _CHUNK):
            part = scipy.fft.rfft2(density[first : first + _CHUNK], workers=_WORKERS)
            spectrum[first : first + _CHUNK] = part.reshape(len(part), -1)[:, self._order]
        spectrum *= self._pixel_response
        self._spectra.append(spectrum)

    def _rings(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], Floats]:
        """Order of the frequencies by radius, bounds of the rings, their radii, pixel response."""
        rows, columns = self._shape
        ky = scipy.fft.fftfreq(rows)[:, None]
        kx = scipy.fft.rfftfreq(columns)[None, :]
        unit = 1 / (_RINGS_PER_STEP * max(rows, columns))
        ring = np.rint(np.hypot(ky, kx).ravel() / unit).astype(np.int64)
        order = np.argsort(ring, kind="stable")
        inside = np.searchsorted(ring[order], self._transfer.cutoff * self._pixel / unit)
        order = order[:inside]
        numbers, starts = np.unique(ring[order], return_index=True)
        # A pixel's area is a sinc; points shared linearly have gone through its square already.
        response = np.sinc(ky) * np.sinc(kx)
        if self._points:
            response = 1 / response
        bounds = np.append(starts, len(order))
        pixel = response.ravel()[order].astype(np.float32)
        return order, bounds, numbers * unit / self._pixel, pixel

    def _render(self, numbers: NDArray[np.intp]) -> Floats:
        """``(K, B, Y, X)`` of these grid heights."""
        heights = self._first + np.arange(len(self._spectra[0]))
        index = np.clip(heights[None, :] - numbers[:, None], -self._limit, self._limit)
        index += self._limit
        sources = [spectrum.view(np.float32) for spectrum in self._spectra]
        rendered = [np.empty((len(numbers), len(self._order)), np.complex64) for _ in sources]
        views = [spectrum.view(np.float32) for spectrum in rendered]
        for ring, response in enumerate(self._otf):
            part = slice(2 * self._bounds[ring], 2 * self._bounds[ring + 1])
            matrix = response[index]
            for source, view in zip(sources, views, strict=True):
                np.matmul(matrix, source[:, part], out=view[:, part])
        return np.stack([self._back(spectrum) for spectrum in rendered])

    def _back(self, rendered: Spectrum) -> Floats:
        rows, columns = self._shape
        whole = np.zeros((len(rendered), rows * (columns // 2 + 1)), np.complex64)
        whole[:, self._order] = rendered
        spectra = whole.reshape(len(rendered), rows, -1)
        planes = scipy.fft.irfft2(spectra, s=self._shape, overwrite_x=True, workers=_WORKERS)
        return np.asarray(planes[:, self._keep[0], self._keep[1]], dtype=np.float32)
