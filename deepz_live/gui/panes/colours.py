"""Colour tables of the panes, and depth as colour."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

COLOUR_MAPS = ("gray", "viridis", "inferno")
DEPTH_MAP = "CET-R4"
"""A rainbow whose steps look equally large; blue lies at the lowest depth."""


@lru_cache(maxsize=8)
def colour_table(name: str) -> NDArray[np.uint8]:
    """``(256, 3)`` uint8 colours from dark to bright."""
    if name == "gray":
        ramp = np.arange(256, dtype=np.uint8)
        return np.stack([ramp, ramp, ramp], axis=1)
    table: NDArray[np.uint8] = pg.colormap.get(name).getLookupTable(nPts=256, alpha=False)
    return table.astype(np.uint8)


def depth_coded(
    screen: NDArray[np.uint8], depth_um: NDArray[np.float32], range_um: tuple[float, float]
) -> NDArray[np.uint8]:
    """Brightness ``(Y, X)`` uint8 in the colour of its depth ``(Y, X)``: ``(Y, X, 3)`` uint8."""
    low, high = range_um
    place = (depth_um - np.float32(low)) * np.float32(255.0 / max(high - low, 1e-6))
    colours = colour_table(DEPTH_MAP)[np.clip(place, 0, 255).astype(np.uint8)]
    dimmed = (colours.astype(np.uint16) * screen[:, :, None]) >> 8
    result: NDArray[np.uint8] = dimmed.astype(np.uint8)
    return result
