"""From electrons to camera counts: shot noise, read noise, gain, offset, saturation, binning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepz_live.config import Camera

_FEW_ELECTRONS = 8.0


class Sensor:
    """An sCMOS sensor with seeded noise."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._rng = np.random.Generator(np.random.SFC64([abs(camera.noise_seed), 11]))
        self._full = float(2**camera.bit_depth - 1)

    def counts(
        self, electrons: NDArray[np.float32], binning: int = 1, *, lit: bool = True
    ) -> NDArray[np.uint16]:
        """Counts ``(Y/n, X/n)`` uint16 of mean ``electrons (Y, X)``, n the ``binning``.

        A dark exposure (``lit=False``) has offset and read noise only.
        """
        camera = self._camera
        signal = electrons if lit else np.zeros_like(electrons)
        if camera.noise:
            signal = self._noisy(signal)
        counts = signal * np.float32(1 / camera.electrons_per_count)
        counts += np.float32(camera.offset_counts)
        np.rint(counts, out=counts)
        np.clip(counts, 0, self._full, out=counts)
        if binning > 1:
            counts = np.rint(bin_mean(counts, binning))
        return counts.astype(np.uint16)

    def _noisy(self, mean: NDArray[np.float32]) -> NDArray[np.float32]:
        """Poisson electrons of ``mean`` and read noise, together one random number a pixel.

        With variance v = m + r² and skewness m / v^1.5, that number is a normal g with
        Cornish-Fisher's first correction, ``m + sqrt(v) g + m / v (g² - 1) / 6`` (Abramowitz &
        Stegun 26.2.49). Pixels of a few electrons are drawn from the Poisson distribution.
        """
        read = np.float32(self._camera.read_noise_e)
        variance = mean + read * read
        np.maximum(variance, np.float32(1e-6), out=variance)
        normal = self._rng.standard_normal(mean.shape, dtype=np.float32)
        noisy = np.sqrt(variance)
        noisy *= normal
        noisy += mean
        normal *= normal
        normal -= 1
        normal *= mean
        normal /= variance
        normal *= np.float32(1 / 6)
        noisy += normal
        few = mean < _FEW_ELECTRONS
        if few.any():
            dim = self._rng.poisson(mean[few]).astype(np.float32)
            noisy[few] = dim + self._rng.standard_normal(dim.shape, dtype=np.float32) * read
        return np.asarray(noisy, dtype=np.float32)


def bin_mean(pixels: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Mean over n x n blocks of ``(Y, X)``; rows and columns that fill no block are left out."""
    rows, columns = pixels.shape[0] // n, pixels.shape[1] // n
    blocks = pixels[: rows * n, : columns * n].reshape(rows, n, columns, n)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)
