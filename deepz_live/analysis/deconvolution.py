"""What the known point spread function can do for a single frame without any network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Image = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

_SMALL = 1e-6


def richardson_lucy(
    image: Image,
    psf: Image,
    iterations: Sequence[int],
    *,
    background: float = 1e-3,
    accelerate: bool = True,
) -> list[Image]:
    """Sample whose blur by ``psf`` is ``image``: Richardson-Lucy, stopped at several points.

    W. H. Richardson, JOSA 62, 55 (1972); L. B. Lucy, Astron. J. 79, 745 (1974). With
    ``accelerate`` every step starts ahead in the direction of the last two (D. S. C. Biggs and
    M. Andrews, Appl. Opt. 36, 1766 (1997)), which reaches in n steps what takes the plain
    iteration several n. scikit-image has the plain one, at ten times the cost a step, and shows
    the last step only.

    Parameters
    ----------
    image
        ``(Y, X)`` float32, background subtracted; values below zero count as zero.
    psf
        ``(P, P)`` float32, P odd, its centre in the middle; scaled here to a sum of 1.
    iterations
        Ascending numbers of steps after which to look.
    background
        Light everywhere that the sample does not explain, in the unit of ``image``; it keeps
        noise about zero from being blown up.

    Returns
    -------
    One ``(Y, X)`` float32 for each of ``iterations``, not below zero.
    """
    grid = _Grid(image.shape, psf)
    seen = grid.pad(np.maximum(image, 0)) + np.float32(background)
    otf = grid.transfer(psf)
    estimate = seen.copy()
    ahead, last, step = estimate, estimate, np.zeros_like(estimate)
    results: list[Image] = []
    for count in range(1, max(iterations) + 1):
        model = grid.filter(ahead, otf) + np.float32(background)
        ratio = seen / np.maximum(model, _SMALL)
        new = np.maximum(ahead * grid.filter(ratio, otf.conj()), 0)
        previous_step, step = step, new - ahead
        last, estimate = estimate, new
        ahead = new
        if accelerate:
            power = float(np.vdot(previous_step, previous_step))
            factor = float(np.vdot(step, previous_step)) / power if power > 0 else 0.0
            ahead = np.maximum(new + np.float32(min(max(factor, 0.0), 1.0)) * (new - last), 0)
        if count in iterations:
            results.append(grid.crop(estimate))
    return results


def blurred(image: Image, psf: Image) -> Image:
    """``image`` ``(Y, X)`` convolved with ``psf`` ``(P, P)`` (P odd, scaled to a sum of 1)."""
    grid = _Grid(image.shape, psf)
    return grid.crop(grid.filter(grid.pad(image), grid.transfer(psf)))


class _Grid:
    """Images mirrored at their rim, on a size that Fourier transforms are fast for."""

    def __init__(self, shape: tuple[int, ...], psf: Image) -> None:
        self._inside = (shape[0], shape[1])
        # Half the PSF in all: what wraps around one side lands in the margin of the other.
        self.shape = tuple(
            fft.next_fast_len(side + psf.shape[axis] // 2, real=True)
            for axis, side in enumerate(self._inside)
        )
        self._before = [
            (whole - side) // 2 for whole, side in zip(self.shape, self._inside, strict=True)
        ]

    def pad(self, image: Image) -> Image:
        widths = [
            (before, whole - side - before)
            for before, whole, side in zip(self._before, self.shape, self._inside, strict=True)
        ]
        return np.pad(np.asarray(image, np.float32), widths, mode="symmetric")

    def crop(self, image: Image) -> Image:
        (y, x), (height, width) = self._before, self._inside
        return np.ascontiguousarray(image[y : y + height, x : x + width])

    def transfer(self, psf: Image) -> Spectrum:
        """Spectrum of the PSF with its centre at pixel (0, 0); what does not fit is cut off."""
        half = [min(p // 2, (side - 1) // 2) for p, side in zip(psf.shape, self.shape, strict=True)]
        middle = [p // 2 for p in psf.shape]
        part = psf[
            middle[0] - half[0] : middle[0] + half[0] + 1,
            middle[1] - half[1] : middle[1] + half[1] + 1,
        ]
        grid = np.zeros(self.shape, np.float32)
        grid[: part.shape[0], : part.shape[1]] = part / part.sum()
        grid = np.roll(grid, (-half[0], -half[1]), axis=(0, 1))
        return np.asarray(fft.rfft2(grid), np.complex64)

    def filter(self, image: Image, transfer: Spectrum) -> Image:
        return np.asarray(fft.irfft2(fft.rfft2(image) * transfer, self.shape), np.float32)
