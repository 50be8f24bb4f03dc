"""Fine registration: what a transform of the whole field leaves over, region by region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from deepz_live.analysis.crossmodal.views import Matrix, Planes, warped
from deepz_live.image.registration import shift_2d

REGION_PX = 256
"""Side of a region (paper, Methods)."""
SURE = 0.3
"""How far the highest peak of phase correlation must stand above the next to be believed."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the fixed image and what is left over there.

    Attributes
    ----------
    y_px, x_px
        Its centre, fixed pixels.
    dy_px, dx_px
        Where its content lies in the moving image beyond what the matrix says, in fixed pixels;
        zero where the region shows too little to be sure.
    confidence
        0 … 1, of phase correlation.
    """

    y_px: float
    x_px: float
    dy_px: float
    dx_px: float
    confidence: float


def left_over(
    fixed: Planes, moving: Planes, matrix: Matrix, side_px: int, limit_px: float
) -> list[Region]:
    """Displacements of half-overlapping regions of ``fixed`` ``(Y, X)`` against ``moving``.

    ``matrix`` takes fixed to moving pixels; displacements above ``limit_px`` are not believed.
    """
    seen = warped(moving, matrix, fixed.shape)
    found = []
    for top in _starts(fixed.shape[0], side_px):
        for left in _starts(fixed.shape[1], side_px):
            cut = np.s_[top : top + side_px, left : left + side_px]
            found.append(_region(fixed[cut], seen[cut], (top, left), limit_px))
    return found


def field(regions: tuple[Region, ...], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Displacements ``(2, Y, X)`` (y, x) of every pixel, linear between the regions' centres."""
    rows = sorted({region.y_px for region in regions})
    columns = sorted({region.x_px for region in regions})
    values = np.zeros((len(rows), len(columns), 2))
    for region in regions:
        at = rows.index(region.y_px), columns.index(region.x_px)
        values[at] = region.dy_px, region.dx_px
    y, x = (np.arange(n, dtype=np.float64) for n in shape)
    places = np.stack(
        np.meshgrid(
            np.clip(y, rows[0], rows[-1]), np.clip(x, columns[0], columns[-1]), indexing="ij"
        ),
        axis=-1,
    )
    rows, columns, values = _at_least_two(rows, columns, values)
    return np.moveaxis(RegularGridInterpolator((rows, columns), values)(places), -1, 0)


def _region(fixed: Planes, moving: Planes, corner: tuple[int, int], limit_px: float) -> Region:
    (dy, dx), confidence = shift_2d(fixed, moving, limit_px)
    y, x = (c + (n - 1) / 2 for c, n in zip(corner, fixed.shape, strict=True))
    if confidence < SURE or max(abs(dy), abs(dx)) > limit_px:
        return Region(y, x, 0.0, 0.0, confidence)
    return Region(y, x, dy, dx, confidence)


def _starts(length: int, side: int) -> list[int]:
    """Even starts of regions of ``side`` that reach both ends, half overlapping."""
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side / 2))) + 1
    return [round(start) for start in np.linspace(0, length - side, count)]


def _at_least_two(
    rows: list[float], columns: list[float], values: NDArray[np.float64]
) -> tuple[list[float], list[float], NDArray[np.float64]]:
    """A single row or column, said twice, since one point is no interval."""
    if len(rows) == 1:
        rows, values = [rows[0], rows[0] + 1], np.repeat(values, 2, axis=0)
    if len(columns) == 1:
        columns, values = [columns[0], columns[0] + 1], np.repeat(values, 2, axis=1)
    return rows, columns, values
