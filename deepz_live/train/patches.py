"""Where in a field of view there is something to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_triangle
from skimage.morphology import reconstruction

OVERLAP = 0.05
MASK_FLOOR = 0.5
"""Geodesic dilation grows from pixels above the triangle threshold into those above this
fraction of it."""


@dataclass(frozen=True)
class Region:
    """A square of a field: corner and side in pixels."""

    y: int
    x: int
    side: int

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


def cover(mask: NDArray[np.bool_], side: int) -> list[Region]:
    """Few squares that together cover the mask, greedily: the fullest uncovered one first.

    Neighbours may share about 5 % of their area, no more (paper, Methods).

    Parameters
    ----------
    mask
        ``(Y, X)`` bool.
    side
        Side of the squares; made smaller where the field is.
    """
    side = min(side, *mask.shape)
    stride = max(1, side // 8)
    left = mask.astype(np.int64)
    taken = np.zeros(mask.shape, np.int64)
    corners = [
        (y, x) for y in _positions(mask.shape[0], side, stride)
        for x in _positions(mask.shape[1], side, stride)
    ]  # fmt: skip
    regions: list[Region] = []
    while True:
        gains, overlaps = _box_sums(left, corners, side), _box_sums(taken, corners, side)
        gains[overlaps > 2 * OVERLAP * side * side] = 0
        best = int(np.argmax(gains))
        if gains[best] < max(1, 1e-3 * side * side):
            return regions
        region = Region(*corners[best], side)
        regions.append(region)
        left[region.slices] = 0
        taken[region.slices] = 1


def _positions(length: int, side: int, stride: int) -> list[int]:
    positions = list(range(0, length - side + 1, stride))
    return positions if positions[-1] == length - side else [*positions, length - side]


def _box_sums(
    image: NDArray[np.int64], corners: list[tuple[int, int]], side: int
) -> NDArray[np.int64]:
    table = np.pad(image.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    y, x = np.array(corners).T
    return np.asarray(
        table[y + side, x + side] - table[y, x + side] - table[y + side, x] + table[y, x]
    )
