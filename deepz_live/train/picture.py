"""A picture of what preparation found in a field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from deepz_live.train.patches import Region

GREEN, ORANGE, BLUE = (60, 200, 90), (255, 150, 30), (80, 150, 255)
LINE_PX = 2
DARKEST, BRIGHTEST = 1.0, 99.7
"""Percentiles of the EDF shown black and white."""


def cover_picture(
    edf: NDArray[np.float32],
    mask: NDArray[np.bool_],
    training: Sequence[Region],
    validation: Sequence[Region],
) -> NDArray[np.uint8]:
    """The EDF ``(Y, X)`` in grey, the mask's outline in blue, training regions in green and
    validation regions in orange; ``(Y, X, 3)`` uint8."""
    low, high = np.percentile(edf, (DARKEST, BRIGHTEST))
    grey = np.sqrt(np.clip((edf - low) / max(float(high - low), 1e-6), 0, 1))
    picture = np.repeat((255 * grey).astype(np.uint8)[:, :, None], 3, axis=2)
    picture[mask & ~binary_erosion(mask)] = BLUE
    for regions, colour in ((training, GREEN), (validation, ORANGE)):
        for region in regions:
            square = picture[region.slices]
            for side in (np.s_[:LINE_PX], np.s_[-LINE_PX:]):
                square[side] = colour
                square[:, side] = colour
    return picture
