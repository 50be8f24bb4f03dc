"""A warning where a surface is steeper than what a model was seen to follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.slope import sine_slope, steepest
from deepz_live.model.bundle import BundleFacts

PAPER_PERIOD_UM, PAPER_RANGE_UM = 32.0, 8.0
"""The paper's network follows waves of 32 µm and longer that swing by 8 µm (Fig. S7)."""
SPAN = (0.1, 0.9)
"""Depths of trough and crest in a model's report, as shares of its reach: -1 to -9 of 10 µm."""
FEWEST_PX = 4
"""Waves shorter than so many pixels are sampled too coarsely to have been tested."""


def slope_warning(
    dpm: NDArray[np.floating],
    pixel_size_um: float,
    facts: BundleFacts,
    pixel_of: Callable[[float, float], tuple[float, float]] = lambda row, column: (row, column),
) -> str | None:
    """A sentence naming the steepest place, its slope and the model's; None where all is well.

    The limit is the steepest wave that the model's own report (`deepz-live report`) found it to
    follow; without such a report, the paper's.

    Parameters
    ----------
    dpm
        ``(Y, X)`` µm.
    pixel_of
        Pixel (y, x) of the frame at a place of ``dpm``, where that is coarser.
    """
    period_um, range_um, source = _followed(facts)
    limit = sine_slope(period_um, range_um)
    found = steepest(dpm, pixel_size_um)
    if found.slope <= limit:
        return None
    row, column = pixel_of(found.y_px, found.x_px)
    return (
        f"The surface is too steep at row {row:.0f}, column {column:.0f}: it rises "
        f"{found.slope:.2g} µm per µm, and the model follows {limit:.2g} (waves of "
        f"{period_um:.3g} µm that swing by {range_um:.2g} µm, {source}); flatten it there, or do "
        "not trust what is shown there."
    )


def _followed(facts: BundleFacts) -> tuple[float, float, str]:
    """Shortest wave (µm) that is followed, how far it swings (µm), and who says so."""
    measured = facts.evidence.get("sinusoid", {}).get("followed_from_um")
    if not isinstance(measured, int | float) or not measured > 0:
        return PAPER_PERIOD_UM, PAPER_RANGE_UM, "from the paper, as its report has none"
    low, high = facts.z_range_um
    swing = min(-low, high) * (SPAN[1] - SPAN[0])
    return max(float(measured), FEWEST_PX * facts.pixel_size_um), swing, "from its own report"
