"""Brightness of neurons at known places, from the frames themselves: what light can tell at most.

In wide field a frame is the sum of what each cell adds, blurred as the optics blur at its depth.
With places and optics known the brightness follows by least squares, with no network and no mask
between: if groups are right then, the light of the frame is enough, and what goes wrong elsewhere
is in the places or in the refocused planes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import j1

from deepz_live.acquire.simulated.transfer import Transfer, transfer
from deepz_live.config import Optics
from deepz_live.image.registration import binned

BINNED = 2
SIDE = 48
"""Pixels of the square in which a cell's light is drawn: 31 µm at 0.65 µm."""
RADIUS_UM = 1.7
"""Of a cell body of the built-in worm, on average."""
SLICE_UM = 0.25
GLOW_UM = 12.0
"""What is not a neuron is a sum of bumps so wide and so far apart."""
RIDGE = 1e-3


class Unmixing:
    """Reads frames at ``pixel_um``; not shared by threads."""

    def __init__(self, optics: Optics, pixel_um: float) -> None:
        self._pixel = pixel_um * BINNED
        self._shift = (BINNED - 1) / 2 / BINNED
        self._fy = np.fft.fftfreq(SIDE, self._pixel)[:, None]
        self._fx = np.fft.rfftfreq(SIDE, self._pixel)[None]
        radial, where = np.unique(np.hypot(self._fy, self._fx).round(6), return_inverse=True)
        self._where = where.reshape(SIDE, -1)
        self._cells = _Cells(transfer(optics), radial)

    def read(self, frame: NDArray[np.generic], places_um: NDArray[np.float64]) -> NDArray:
        """``(N,)`` light of cells at ``places_um`` ``(N, 3)`` in ``frame`` ``(Y, X)``.

        ``places_um`` as in :class:`~deepz_live.app.analyze.rehearsal.Known`.
        """
        small = binned(np.asarray(frame, np.float32)[None], BINNED)[0]
        parts = [self._cell(place, small.shape).ravel() for place in places_um]
        parts += list(_glow(small.shape, GLOW_UM / self._pixel))
        matrix = np.array(parts, np.float32)
        normal = (matrix @ matrix.T).astype(np.float64)
        size = np.sqrt(np.diag(normal))
        normal = normal / np.outer(size, size) + RIDGE * np.eye(len(size))
        found = np.linalg.solve(normal, (matrix @ small.ravel()) / size) / size
        return found[: len(places_um)]

    def _cell(self, place_um: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float32]:
        """A cell's light on the whole frame."""
        y, x = place_um[1:] / self._pixel - self._shift
        top, left = round(y) - SIDE // 2, round(x) - SIDE // 2
        turn = (self._fy * (y - top) + self._fx * (x - left)) * self._pixel
        spectrum = self._cells.at(place_um[0])[self._where] * np.exp(-2j * np.pi * turn)
        square = np.fft.irfft2(spectrum, (SIDE, SIDE)).astype(np.float32)
        out = np.zeros(shape, np.float32)
        rows, columns = (
            slice(max(first, 0), min(first + SIDE, length))
            for first, length in zip((top, left), shape, strict=True)
        )
        out[rows, columns] = square[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
        return out


class _Cells:
    """Spectra of balls by height above the focal plane, over radial frequencies."""

    def __init__(self, optics: Transfer, radial: NDArray[np.float64]) -> None:
        self._heights = optics.grid.heights_um
        self._radial = radial
        self._optics = (
            optics.at(np.minimum(radial, optics.cutoff)) * (radial < optics.cutoff)[:, None]
        )

    def at(self, height_um: float) -> NDArray[np.float64]:
        """``(K,)``: the sum over the slices of a ball, each blurred by its own height."""
        total = np.zeros(len(self._radial))
        lowest, step = self._heights[0], self._heights[1] - self._heights[0]
        for up in np.arange(-RADIUS_UM, RADIUS_UM + 1e-6, SLICE_UM):
            disc = np.sqrt(max(RADIUS_UM**2 - up**2, 0.0))
            argument = np.maximum(2 * np.pi * self._radial * disc, 1e-9)
            spectrum = 2 * np.pi * disc**2 * j1(argument) / argument
            place = np.clip((height_um + up - lowest) / step, 0, len(self._heights) - 1.01)
            low, part = int(place), place % 1
            blur = (1 - part) * self._optics[:, low] + part * self._optics[:, low + 1]
            total += spectrum * blur * SLICE_UM
        return total


def _glow(shape: tuple[int, int], wide_px: float) -> NDArray[np.float32]:
    rows, columns = (
        np.exp(-(((np.arange(n) - np.arange(0, n + 1, wide_px)[:, None]) / wide_px) ** 2) / 2)
        for n in shape
    )
    bumps = rows[:, None, :, None] * columns[None, :, None, :]
    return bumps.reshape(-1, shape[0] * shape[1]).astype(np.float32)
