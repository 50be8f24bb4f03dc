"""How well an exposure uses the camera, and a better one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BINS = 128
SAMPLES = 250_000
"""About so many pixels are enough for the histogram and the background of a large camera."""
BRIGHT_SHARE = 3e-5
"""So many of the pixels are at least as bright as ``bright``: the tops of the structures, and
more than a few hot pixels."""
SATURATED_SHARE = 1e-5
"""More pixels than this at the highest count: structure is lost."""
DARK_NOISES = 8.0
"""The brightest pixels must stand out of the background by so many times its noise; without a
sample, the noise alone reaches four times."""
TARGET = 0.5
"""Share of the camera's range that the brightest pixels are brought to."""
CLOSE = 1.25
"""An exposure within this factor of the wanted one is good enough."""
SHORTEST_MS, LONGEST_MS = 0.5, 1000.0
LOOKS = 6

Verdict = Literal["good", "saturated", "dark"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a picture says about its exposure.

    Attributes
    ----------
    counts, edges
        Histogram ``(BINS,)`` and the edges ``(BINS + 1,)`` of its bins, in counts.
    background, bright
        Median, and what :data:`BRIGHT_SHARE` of the pixels reach, in counts.
    saturated
        Share of the pixels at the highest count.
    """

    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    background: float
    bright: float
    saturated: float
    verdict: Verdict
    text: str


def look(pixels: NDArray[np.generic], full_counts: int) -> Seen:
    """Judge a picture ``(Y, X)`` of a camera whose highest count is ``full_counts``."""
    step = max(1, int(np.sqrt(pixels.size / SAMPLES)))
    part = np.asarray(pixels[::step, ::step])
    values = part.astype(np.float32).ravel()
    background = float(np.median(values))
    few = max(8, round(BRIGHT_SHARE * pixels.size))
    few = min(few, pixels.size)
    bright = float(np.partition(pixels, -few, axis=None)[-few])
    # From the median of the deviations: a few bright structures do not count as noise.
    noise = max(1.4826 * float(np.median(np.abs(values - background))), 1.0)
    saturated = float(np.count_nonzero(np.greater_equal(pixels, full_counts))) / pixels.size
    counts, edges = np.histogram(values.astype(np.float64), bins=BINS, range=(0, full_counts))
    signal = bright - background
    if saturated > SATURATED_SHARE:
        verdict: Verdict = "saturated"
        text = (
            f"Saturated: {_percent(saturated)} of the pixels are at the limit of "
            f"{full_counts} counts; shorten the exposure or dim the light."
        )
    elif signal < DARK_NOISES * noise:
        verdict = "dark"
        text = (
            f"Too dark: the brightest pixels are {signal:.0f} counts above a background of "
            f"{background:.0f} with noise {noise:.0f}; lengthen the exposure, or find the sample."
        )
    else:
        verdict = "good"
        text = (
            f"Good: the brightest pixels are {signal:.0f} counts above the background, "
            f"{100 * bright / full_counts:.0f} % of the range; none saturated."
        )
    return Seen(counts, edges, background, bright, saturated, verdict, text)


def next_exposure_ms(seen: Seen, exposure_ms: float, full_counts: int) -> float:
    """The exposure that brings the brightest pixels to half of the range, as far as can be told.

    Never more than ten times longer; a quarter where the picture is saturated, since nobody
    knows by how much.
    """
    if seen.verdict == "saturated":
        factor = 0.25
    else:
        signal = max(seen.bright - seen.background, 1.0)
        factor = min(10.0, (TARGET * full_counts - seen.background) / signal)
    return float(np.clip(exposure_ms * max(factor, 0.1), SHORTEST_MS, LONGEST_MS))


def find_exposure(
    snap: Callable[[float], NDArray[np.generic]], exposure_ms: float, full_counts: int
) -> tuple[float, str]:
    """An exposure in ms at which the picture uses the camera, and the line that says how well.

    ``snap(exposure_ms)`` takes a picture ``(Y, X)``. At most six are taken.
    """
    seen = look(snap(exposure_ms), full_counts)
    for _ in range(LOOKS - 1):
        wanted = next_exposure_ms(seen, exposure_ms, full_counts)
        if seen.verdict != "saturated" and 1 / CLOSE < wanted / exposure_ms < CLOSE:
            break
        if wanted == exposure_ms:
            break  # at the shortest or longest that is tried
        exposure_ms = wanted
        seen = look(snap(exposure_ms), full_counts)
    return round(exposure_ms, 1 if exposure_ms >= 1 else 2), seen.text


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
