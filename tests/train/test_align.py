"""Alignment mends a jittering stage and leaves a quiet one alone."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import shift

from deepz_live.train.align import align_planes
from tests.train.conftest import gaussian_beads


def test_a_quiet_stack_is_left_as_it_was() -> None:
    voxels = gaussian_beads(3)
    assert align_planes(voxels, 12, 8) is voxels


def test_jitter_is_taken_out() -> None:
    voxels = gaussian_beads(4, count=14)
    rng = np.random.default_rng(0)
    moves = rng.normal(0, 1.5, (len(voxels), 2))
    moves[12] = 0
    jittered = np.array(
        [
            shift(p.astype(float), m, order=1, mode="nearest")
            for p, m in zip(voxels, moves, strict=True)
        ]
    ).astype(np.uint16)
    aligned = align_planes(jittered, 12, 8)
    inner = np.s_[6:19, 12:-12, 12:-12]
    before, after = (
        np.abs(v[inner].astype(float) - voxels[inner]).mean() for v in (jittered, aligned)
    )
    assert after < 0.5 * before
