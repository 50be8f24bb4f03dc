"""Frames of a moving sample are laid back on the first one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.transform import ProjectiveTransform, warp

from deepz_live.analysis.crossmodal.views import moved
from deepz_live.analysis.neurons import STILL, Motion, laid_back

SHAPE = (160, 192)


def scene(seed: int = 5) -> np.ndarray:
    """Blobs of several sizes, in counts."""
    rng = np.random.default_rng(seed)
    image = np.zeros(SHAPE)
    image[tuple(rng.integers(0, n, 220) for n in SHAPE)] = rng.uniform(5e3, 4e4, 220)
    return 100 + ndimage.gaussian_filter(image, 2.2) + ndimage.gaussian_filter(image, 6) / 3


def bent(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """What a frame shows whose pixel ``matrix p`` holds the reference's pixel ``p``."""
    return warp(image, ProjectiveTransform(matrix).inverse, order=3, mode="reflect")


MATRIX = np.array([[1.01, 0.02, 3.4], [-0.015, 0.995, -5.3], [1e-5, -2e-5, 1.0]])


def test_a_projective_motion_is_found_and_undone():
    image, rng = scene(), np.random.default_rng(0)
    frame = rng.poisson(bent(image, MATRIX)).astype(np.uint16)
    matrix = Motion(rng.poisson(image).astype(np.uint16)).find(frame)
    assert matrix is not None
    places = np.indices(SHAPE, dtype=np.float64)[:, 10:-10:10, 10:-10:10].reshape(2, -1)
    away = np.hypot(*(moved(matrix, places) - moved(MATRIX, places)))
    assert np.sqrt((away**2).mean()) < 0.3
    inside = np.s_[12:-12, 12:-12]
    back = laid_back(frame, matrix)
    assert np.abs(back - image)[inside].mean() < 0.2 * np.abs(frame - image)[inside].mean()


def test_another_scene_is_not_found():
    assert Motion(scene(1)).find(np.random.default_rng(0).normal(100, 1, SHAPE)) is None


def test_a_still_frame_stays_as_it_is():
    frame = scene().astype(np.uint16)
    np.testing.assert_array_equal(laid_back(frame, STILL), frame)
    with pytest.raises(ValueError, match="read-only"):
        STILL[0, 2] = 1
