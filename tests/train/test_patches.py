"""Regions cover the signal with few, hardly overlapping squares."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.train.patches import cover, foreground
from tests.train.conftest import gaussian_beads


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("side", [16, 27, 40])
def test_cover_reaches_nearly_all_signal_without_much_overlap(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((100, 120), bool)
    for y, x in rng.integers(5, 95, (6, 2)):
        mask[y - 3 : y + 3, x - 3 : x + 3] = True
    regions = cover(mask, side)
    covered = np.zeros(mask.shape, int)
    for region in regions:
        covered[region.slices] += 1
    assert (mask & (covered > 0)).sum() >= 0.8 * mask.sum()
    assert (covered > 1).sum() <= 0.12 * side * side * len(regions)
    assert len(regions) <= 2 * 6 + 4


def test_no_signal_needs_no_region() -> None:
    assert cover(np.zeros((64, 64), bool), 32) == []


def test_mask_holds_the_beads_and_not_the_background() -> None:
    stack = gaussian_beads(0)
    edf = stack.max(axis=0).astype(np.float32)
    mask = foreground(edf)
    bright = edf > 1000
    assert mask[bright].all()
    assert mask.mean() < 0.5
