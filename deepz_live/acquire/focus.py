"""Autofocus on the standard deviation of the image, as the paper's stacks were centred."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deepz_live.acquire.errors import AcquisitionAbortedError, MicroscopeError
from deepz_live.acquire.limits import require_z
from deepz_live.acquire.microscope import Microscope

COARSE_STEP_UM = 1.0
FINE_STEP_UM = 0.25
FINE_HALF_RANGE_UM = 1.0
CONTRAST = 1.02
"""The best plane must be this much sharper than the median one to be believed."""


def autofocus(
    microscope: Microscope,
    range_um: float,
    *,
    keep_clear_um: float = 0.0,
    aborted: Callable[[], bool] = lambda: False,
) -> float:
    """Find the sharpest plane around the present focus, go there and return its z in µm.

    A coarse scan of ``range_um`` (full range, cut at the stage's limits less ``keep_clear_um``,
    which a later z-stack needs), a fine one around its best plane, and the vertex of the
    parabola through the best three points.

    Raises
    ------
    MicroscopeError
        Nothing to focus on, or the stage or camera failed; the focus is back where it began.
    AcquisitionAbortedError
        ``aborted()`` became true; likewise.
    """
    start = microscope.z_um
    low, high = _span(microscope, start, range_um, keep_clear_um)
    done = False
    try:
        coarse = np.linspace(low, high, max(round((high - low) / COARSE_STEP_UM) + 1, 3))
        sharp = _scan(microscope, coarse, aborted)
        best = int(np.argmax(sharp))
        if sharp[best] < CONTRAST * float(np.median(sharp)):
            raise MicroscopeError(
                f"Autofocus found nothing to focus on within {low:g} … {high:g} µm (the image's "
                f"contrast varies by less than {100 * (CONTRAST - 1):.0f} %); bring the sample "
                "roughly into focus, or set calibration.autofocus to false."
            )
        count = round(2 * FINE_HALF_RANGE_UM / FINE_STEP_UM) + 1
        around = coarse[best] + np.linspace(-FINE_HALF_RANGE_UM, FINE_HALF_RANGE_UM, count)
        fine = np.unique(np.clip(around, low, high))
        focus = _vertex(fine, _scan(microscope, fine, aborted))
        microscope.move_z(focus)
        done = True
    finally:
        if not done:
            microscope.move_z(start)
    return focus


def sharpness(microscope: Microscope) -> float:
    """Standard deviation of one frame, in counts."""
    return float(microscope.snap().pixels.astype(np.float32).std())


def _span(
    microscope: Microscope, start: float, range_um: float, keep_clear_um: float
) -> tuple[float, float]:
    stage = microscope.profile.stage
    require_z(start, stage)
    low = max(start - range_um / 2, stage.z_min_um + keep_clear_um)
    high = min(start + range_um / 2, stage.z_max_um - keep_clear_um)
    if high - low < 2 * FINE_STEP_UM:
        raise MicroscopeError(
            f"Autofocus has no room: the stage's {stage.z_min_um:g} … {stage.z_max_um:g} µm less "
            f"{keep_clear_um:g} µm for the z-stack at either side leave nothing around "
            f"{start:g} µm; set calibration.autofocus to false or take a smaller range_um."
        )
    return low, high


def _scan(microscope: Microscope, heights: np.ndarray, aborted: Callable[[], bool]) -> np.ndarray:
    values = []
    for height in heights:
        if aborted():
            raise AcquisitionAbortedError("Autofocus was stopped; the focus is back.")
        microscope.move_z(float(height))
        values.append(sharpness(microscope))
    return np.array(values)


def _vertex(heights: np.ndarray, sharp: np.ndarray) -> float:
    """Top of the parabola through the best point and its neighbours; the best point at an edge."""
    best = int(np.argmax(sharp))
    if not 0 < best < len(heights) - 1:
        return float(heights[best])
    near = slice(best - 1, best + 2)
    centre = float(heights[best])
    a, b, _ = np.polyfit(heights[near] - centre, sharp[near], 2)
    top = centre - b / (2 * a) if a < 0 else centre
    return float(np.clip(top, heights[best - 1], heights[best + 1]))
