"""Drift is the sample's: signs as documented, stage moves taken out, doubt is flagged."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.refocus.drift import DriftEstimator

Z_UM = tuple(np.arange(-6, 6.01, 0.5))
PIXEL_UM = 0.65


def volume(seed: int, drift_um=(0.0, 0.0, 0.0)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    grid = np.arange(96) * PIXEL_UM
    out = np.zeros((len(Z_UM), 96, 96), np.float32)
    for z, y, x in rng.uniform([-4, 0, 0], [4, 62, 62], (30, 3)) + np.array(drift_um):
        for plane, height in zip(out, Z_UM, strict=True):
            wide = 1 + ((height - z) / 1.5) ** 2
            gy, gx = (np.exp(-((grid - c) ** 2) / wide) for c in (y, x))
            plane += (1000 / wide * gy[:, None] * gx[None]).astype(np.float32)
    return out


def test_first_volume_becomes_the_reference():
    estimator = DriftEstimator(Z_UM, PIXEL_UM)
    assert not estimator.has_reference
    sample = estimator.measure(volume(0), time_s=3.0)
    assert (sample.time_s, sample.dz_um, sample.dy_um, sample.dx_um) == (3.0, 0, 0, 0)
    assert estimator.has_reference


def test_sample_that_rises_and_goes_down_and_right_has_positive_drift():
    estimator = DriftEstimator(Z_UM, PIXEL_UM)
    estimator.set_reference(volume(0))
    sample = estimator.measure(volume(0, (1.2, 0.8, 1.9)))
    assert (sample.dz_um, sample.dy_um, sample.dx_um) == pytest.approx((1.2, 0.8, 1.9), abs=0.15)
    assert not sample.flagged


def test_move_of_the_stage_is_not_drift():
    """Stage up by 2 µm: the sample appears 2 µm lower, yet it did not move."""
    estimator = DriftEstimator(Z_UM, PIXEL_UM)
    estimator.set_reference(volume(0), z_um=10.0)
    sample = estimator.measure(volume(0, (-2.0, 0, 0)), z_um=12.0)
    assert sample.dz_um == pytest.approx(0, abs=0.1)


def test_new_reference_starts_from_zero():
    estimator = DriftEstimator(Z_UM, PIXEL_UM)
    estimator.set_reference(volume(0))
    estimator.set_reference(volume(0, (1.0, 1.0, 1.0)))
    sample = estimator.measure(volume(0, (1.0, 1.0, 1.0)))
    assert (sample.dz_um, sample.dy_um, sample.dx_um) == pytest.approx((0, 0, 0), abs=1e-3)


def test_another_sample_is_flagged():
    estimator = DriftEstimator(Z_UM, PIXEL_UM)
    estimator.set_reference(volume(0))
    assert estimator.measure(volume(1)).flagged
