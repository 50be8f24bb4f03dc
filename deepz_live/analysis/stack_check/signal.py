"""Whether the stack is bright enough above its noise."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve, median_filter

from deepz_live.analysis.stack_check.finding import Finding
from deepz_live.analysis.stack_check.planes import Planes
from deepz_live.analysis.stack_check.structure import Image

RED, AMBER = 8.0, 25.0
"""Heights over the noise. Out of focus by some µm the same light lies on a hundred times as many
pixels: what is 25 above the noise in focus is then far below it, and little can be learnt from
such planes. Below 8 even the planes in focus, which are the truth of the training, are noisy."""
BRIGHTEST_PX = 20
"""The height is that of the twentieth brightest pixel, which one odd pixel cannot move."""
_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
"""Blind to slopes and curvature along the axes; leaves white noise as strong as it was
(J. Immerkær, Comput. Vis. Image Underst. 64, 300-302, 1996)."""
_MAD_TO_SIGMA = 1.4826


def check_signal(planes: Planes) -> tuple[float, Finding]:
    """Signal-to-noise ratio in the sharpest plane, and the finding."""
    image = planes.window[planes.sharpest].astype(np.float32)
    calm = np.asarray(median_filter(image, 3), np.float32)
    ground = float(np.median(calm))
    ranked = np.sort(calm, axis=None)
    height = float(ranked[-min(BRIGHTEST_PX, ranked.size)]) - ground
    noise = _noise(image, calm <= ground)
    ratio = height / noise if noise > 0 else (float("inf") if height > 0 else 0.0)
    text = f"brightest structures {ratio:.0f} times above the noise"
    cure = "lengthen the exposure or give more light"
    if ratio < RED or not planes.seen.any():
        return ratio, Finding("red", "signal", f"too dark: {text}, {AMBER:g} wanted", cure)
    if ratio < AMBER:
        return ratio, Finding("amber", "signal", f"rather dark: {text}, {AMBER:g} wanted", cure)
    return ratio, Finding("green", "signal", text)


def _noise(image: Image, background: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    residue = np.abs(convolve(image, _LAPLACE, mode="nearest"))[background]
    # Counts are whole numbers: rounding alone makes this much noise.
    return max(_MAD_TO_SIGMA * float(np.median(residue)), 1 / float(np.sqrt(12)))
