"""What is drawn over pictures along a surface: contour lines, points, and tiles by confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor

from deepz_live.analysis.auto_surface import AutoSurface
from deepz_live.gui import theme
from deepz_live.gui.panes.overlay import Line
from deepz_live.gui.panes.titles import signed
from deepz_live.image.coarse import coarse, contour_heights, contours
from deepz_live.image.dpm import Surface, SurfaceError

CONTOUR = "#4d8894"
POINT = theme.ON_PICTURE_KNOB
SPARSE = 3
"""Of a contour line every third point is drawn: it is smooth."""
Tint = tuple[NDArray[np.uint8], QRectF]
MOST_TINTED = 512
"""Pixels a side."""
MOST_OPAQUE = 60
"""Of 255; the picture stays the brighter."""


def contour_lines(
    surface: Surface, shape: tuple[int, int], pixel_size_um: float, offset_um: float = 0.0
) -> tuple[Line, ...]:
    """Contour lines with their heights, in pixels of a pane; none of a surface that is none."""
    try:
        found = coarse(surface, shape, pixel_size_um)
    except SurfaceError:
        return ()
    low, high = float(found.heights_um.min()) + offset_um, float(found.heights_um.max()) + offset_um
    heights = contour_heights(low, high)
    digits = next(n for n in (0, 1, 2, 3) if all(round(h, n) == h for h in heights) or n == 3)
    lines = []
    for height in heights:
        for path in contours(found, height - offset_um):
            label = f"{signed(height, digits)} µm" if len(path) > 10 else ""
            lines.append(Line(_points(path), label, CONTOUR))
    return tuple(lines)


def point_lines(
    points_um: Sequence[tuple[float, float, float]], shape: tuple[int, int], pixel_size_um: float
) -> tuple[Line, ...]:
    """A cross with its depth for each of the clicked points (z, y, x)."""
    middle = [side / 2 for side in shape]
    return tuple(
        Line(
            ((middle[0] + y / pixel_size_um, middle[1] + x / pixel_size_um),),
            f"{signed(z)} µm",
            POINT,
        )
        for z, y, x in points_um
    )


def confidence_tint(found: AutoSurface, shape: tuple[int, int]) -> Tint:
    """Colours ``(Y, X, 4)`` of the tiles, and the pixels that they cover.

    Of a large image not each pixel has a colour of its own. The surer a tile, the more
    opaque; amber are those that see something off the surface.
    """
    confidence, weight = found.tiles.confidence, found.weight
    tint = np.zeros((*confidence.shape, 4), np.uint8)
    counted, off = QColor(theme.ON_PICTURE_KNOB), QColor(theme.CAUTION)
    for colour, where in ((counted, weight > 0), (off, (weight == 0) & (confidence > 0))):
        tint[where, :3] = colour.red(), colour.green(), colour.blue()
    tint[..., 3] = np.round(MOST_OPAQUE * confidence)
    rows, columns = found.tiles.sizes(shape)
    wide = np.repeat(np.repeat(tint, rows, axis=0), columns, axis=1)
    step = max(1, math.ceil(max(shape) / MOST_TINTED))
    return wide[::step, ::step], QRectF(0, 0, shape[1], shape[0])


def _points(path: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    thin = np.concatenate([path[:-1:SPARSE], path[-1:]]) + 0.5
    return tuple((float(y), float(x)) for y, x in thin)
