"""Where the sample is in focus, and whether the stack reaches far enough to both sides of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from deepz_live.analysis.stack_check.finding import Finding
from deepz_live.analysis.stack_check.planes import Planes
from deepz_live.analysis.stack_check.structure import SEEN

EDGE = 1 / 8
"""Part of the stack's depth that must lie beyond the focus. Of the usual 40 µm it is 5 µm, half
of the usual refocus range, without which training refuses the stack."""
INSIDE = 0.25
"""Where this part of the sample has its own focus well inside, it is just thick; training draws
the line there too."""
OFF_CENTRE = 1 / 4
"""With less of the depth than this beyond the focus, the usual refocus range (a quarter of the
stack to either side) is not covered on that side."""
FAINT = 0.02
"""Parts of the field with less than this of the clearest part's variance hold only halos."""


def check_focus(planes: Planes) -> tuple[float | None, float | None, Finding]:
    """Stage z of the focus, its distance from the stack's middle (µm), and the finding.

    Every part of the field has a plane of its own where its detail is strongest; the focus of the
    sample is their median, so that a thick sample counts by its middle.
    """
    peaks, weights = _foci(planes)
    if not len(peaks):
        text = "focus not found: no plane holds detail above its noise"
        cure = "check light, exposure and focus"
        return None, None, Finding("red", "focus", text, cure)
    z = planes.z_um[peaks]
    focus = _weighted_median(z, weights)
    middle = float(planes.z_um[0] + planes.z_um[-1]) / 2
    offset, depth = focus - middle, planes.depth_um
    beyond = np.minimum(z - planes.z_um[0], planes.z_um[-1] - z)
    inside = float(weights[beyond >= EDGE * depth].sum() / weights.sum())
    left = depth / 2 - abs(offset)
    cure = f"move the middle of the stack by {offset:+.0f} µm"
    place = f"{left:.1f} µm from the end of the stack"
    if left < EDGE * depth and inside < INSIDE:
        return focus, offset, Finding("red", "focus", f"focus peak at the edge, {place}", cure)
    if left < OFF_CENTRE * depth:
        return focus, offset, Finding("amber", "focus", f"focus off centre, {place}", cure)
    text = f"focus {abs(offset):.1f} µm from the middle of {depth:.0f} µm"
    return focus, offset, Finding("green", "focus", text)


def _foci(planes: Planes) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """``(N,)`` plane of strongest detail and its weight, of every part that holds some."""
    variance = uniform_filter1d(planes.blocks, 3, axis=0, mode="nearest")
    tops = variance.max(axis=0)
    clear = float(np.percentile(tops, 99))
    kept = (tops > SEEN * planes.block_error) & (tops > FAINT * clear)
    return variance[:, kept].argmax(axis=0), np.sqrt(tops[kept])


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(summed, summed[-1] / 2)])
