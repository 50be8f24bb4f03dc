"""Where in a field of view there is something to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_triangle
from skimage.morphology import reconstruction

MASK_FLOOR = 0.5
"""Geodesic dilation grows from pixels above the triangle threshold into those above this
fraction of it."""


@dataclass(frozen=True)
class Region:
    """A square of a field: corner and side in pixels, and ``middle``, the index of the plane of
    the stack around which its inputs are taken."""

    y: int
    x: int
    side: int
    middle: int = 0

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y, self.y + self.side), slice(self.x, self.x + self.side)


def foreground(edf: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels that hold signal: geodesic dilation of the triangle-thresholded EDF (paper, Methods).

    ``(Y, X)`` float32 in, ``(Y, X)`` bool out.
    """
    low = float(edf.min())
    threshold = float(threshold_triangle(edf)) - low
    above = edf - low
    seeds = np.where(above > threshold, above, 0.0)
    grown = reconstruction(seeds, np.maximum(above, seeds), method="dilation")
    return np.asarray(grown > MASK_FLOOR * threshold)
