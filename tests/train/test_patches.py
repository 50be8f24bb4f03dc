"""The mask holds the signal."""

from __future__ import annotations

import numpy as np

from deepz_live.train.patches import foreground
from tests.train.conftest import gaussian_beads


def test_mask_holds_the_beads_and_not_the_background() -> None:
    stack = gaussian_beads(0)
    edf = stack.max(axis=0).astype(np.float32)
    mask = foreground(edf)
    bright = edf > 1000
    assert mask[bright].all()
    assert mask.mean() < 0.5
