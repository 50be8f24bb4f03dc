"""Scores that must hold by definition."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.metrics import compare, correlation, detail

RNG = np.random.default_rng(0)
IMAGE = RNG.random((64, 64), np.float32)


def test_an_image_agrees_with_itself() -> None:
    scores = compare(IMAGE, IMAGE, 0.325)
    assert scores == pytest.approx(
        {"mae": 0, "rmse": 0, "corr": 1, "corr_detail": 1, "ssim": 1}, abs=1e-6
    )


def test_errors_are_means_over_pixels() -> None:
    other = IMAGE.copy()
    other[:, :32] += 0.2
    scores = compare(other, IMAGE, 0.325)
    assert scores["mae"] == pytest.approx(0.1, abs=1e-6)
    assert scores["rmse"] == pytest.approx(np.sqrt(0.02), abs=1e-6)


def test_a_flat_image_correlates_with_nothing() -> None:
    assert correlation(np.ones((8, 8)), IMAGE[:8, :8]) == 0.0


def test_detail_does_not_see_haze() -> None:
    haze = np.linspace(0, 5, 64, dtype=np.float32)[None, :] * np.ones((64, 1), np.float32)
    inner = np.s_[24:40, 24:40]
    change = detail(IMAGE + haze, 0.325) - detail(IMAGE, 0.325)
    assert np.abs(change[inner]).max() < 0.05 * haze.max()
