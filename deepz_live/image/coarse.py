"""A surface worked out on few pixels, for what must be quick: contour lines, warnings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours

from deepz_live.image.dpm import Dpm, Surface

MOST = 128
"""Pixels a side."""
RIPPLE = 0.002
"""Of a surface's whole height."""


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """Heights ``(R, C)`` in µm of every ``step``-th pixel of an image of ``shape`` pixels."""

    heights_um: Dpm
    step: int
    shape: tuple[int, int]

    def pixel(self, row: float, column: float) -> tuple[float, float]:
        """Pixel (y, x) of the image at a place of the coarse heights."""
        return (
            (self.shape[0] - 1) / 2 + self.step * (row - (self.heights_um.shape[0] - 1) / 2),
            (self.shape[1] - 1) / 2 + self.step * (column - (self.heights_um.shape[1] - 1) / 2),
        )


def coarse(surface: Surface, shape: tuple[int, int], pixel_size_um: float) -> Coarse:
    """``surface`` over an image of ``shape``, on at most :data:`MOST` pixels a side.

    Raises :class:`SurfaceError` where the surface cannot be made.
    """
    step = max(1, math.ceil(max(shape) / MOST))
    rows, columns = ((side - 1) // step + 1 for side in shape)
    return Coarse(surface.dpm((rows, columns), step * pixel_size_um), step, shape)


def contour_heights(low_um: float, high_um: float, lines: int = 6) -> tuple[float, ...]:
    """About so many round heights in µm (steps of 1, 2 or 5) between two heights."""
    span = high_um - low_um
    if span < 0.02:  # a plane has no contour lines
        return ()
    raw = span / lines
    decade = 10.0 ** math.floor(math.log10(raw))
    step = next(m * decade for m in (1, 2, 5, 10) if m * decade >= raw * 0.999)
    first, last = math.ceil(low_um / step), math.floor(high_um / step)
    return tuple(round(k * step, 6) for k in range(first, last + 1))


def contours(found: Coarse, height_um: float) -> list[NDArray[np.float64]]:
    """Lines ``(N, 2)`` of pixels (y, x) along which the surface has a height.

    Where it is flat at that very height there is no line, nor at its ripples of a few nanometres.
    """
    heights = found.heights_um
    nudge = RIPPLE * float(heights.max() - heights.min())
    lines = find_contours(heights, height_um + nudge)
    return [np.column_stack(found.pixel(line[:, 0], line[:, 1])) for line in lines]
