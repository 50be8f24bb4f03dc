"""Alignment mends a jittering stage and leaves a quiet one alone."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import shift

from deepz_live.train.align import align_planes
from tests.train.conftest import gaussian_beads


def test_a_quiet_stack_is_left_as_it_was() -> None:
    voxels = gaussian_beads(3)
    aligned, shown = align_planes(voxels, 12, 8)
    assert aligned is voxels
    assert shown == (slice(0, 96), slice(0, 96))


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
    aligned, shown = align_planes(jittered, 12, 8)
    # No plane was moved by more than its jitter, and nothing empty is shown.
    assert all(s.start <= 12 and s.stop >= 84 for s in shown)
    assert (aligned[(slice(None), *shown)] > 50).all()
    inner = np.s_[6:19, 12:-12, 12:-12]
    before, after = (
        np.abs(v[inner].astype(float) - voxels[inner]).mean() for v in (jittered, aligned)
    )
    assert after < 0.5 * before
