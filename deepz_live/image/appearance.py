"""What a frame looks like, in a few numbers: is it like the images that a model was trained on?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.metrics import detail

COMPRESSION = 30.0
"""Levels count as ``asinh(30 x)``, so that a factor in brightness is a step of the same length
everywhere but near the background, and the background does not go to minus infinity."""

TOLERANCES = {
    "darkest": 0.1,
    "background": 0.1,
    "bright": 0.35,
    "brightest": 0.35,
    "peak": 0.7,
    "fineness": 0.35,
    "peakedness": 0.7,
}
"""By this a known range counts as wider than it is: a few frames do not show all that is usual."""


def appearance(image: NDArray[np.floating], pixel_size_um: float) -> dict[str, float]:
    """The numbers, by the keys of :data:`TOLERANCES`.

    ``darkest``, ``background``, ``bright``, ``brightest`` and ``peak`` are the 1st, 50th, 99th,
    99.9th and 99.99th percentile as ``asinh(30 x)``; ``fineness`` is the logarithm of the part of
    the contrast (standard deviation) that lies in details below 2 µm; ``peakedness`` that of the
    kurtosis: how much of the contrast few pixels make.

    Parameters
    ----------
    image
        ``(Y, X)``, normalised by the model.
    """
    darkest, background, bright, brightest, peak = np.arcsinh(
        COMPRESSION * np.percentile(image, (1, 50, 99, 99.9, 99.99))
    )
    spread = max(float(image.std()), 1e-9)
    fine = float(detail(np.asarray(image, np.float32), pixel_size_um).std())
    kurtosis = float(np.mean(((image - image.mean()) / spread) ** 4))
    return {
        "darkest": float(darkest),
        "background": float(background),
        "bright": float(bright),
        "brightest": float(brightest),
        "peak": float(peak),
        "fineness": float(np.log(max(fine / spread, 1e-6))),
        "peakedness": float(np.log(max(kurtosis, 1e-6))),
    }


def level_of(value: float) -> float:
    """The normalised level of one of the first five numbers."""
    return float(np.sinh(value)) / COMPRESSION


def farthest_out(
    found: Mapping[str, float], known: Mapping[str, tuple[float, float]]
) -> tuple[str, float]:
    """Which number lies farthest outside its known range, and how far.

    The distance is in widths of the range, widened by its tolerance; 0 inside all ranges.
    """
    outside = {
        name: max(low - found[name], found[name] - high, 0.0) / (high - low + TOLERANCES[name])
        for name, (low, high) in known.items()
        if name in found
    }
    worst = max(outside, key=lambda name: outside[name], default="")
    return worst, outside.get(worst, 0.0)
