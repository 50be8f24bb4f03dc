"""What becomes of counts on the screen."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.contrast import STRIP_PIXELS, Levels, to_screen

LEVELS = Levels(100.0, 1100.0)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 0.7])
@pytest.mark.parametrize("dtype", [np.uint16, np.uint8, np.float32, np.float64])
def test_every_pixel_follows_the_formula_whatever_the_strips(gamma, dtype):
    width = 300
    rows = 2 * (STRIP_PIXELS // width) + 7
    image = np.random.default_rng(0).integers(0, 255, (rows, width)).astype(dtype)
    if np.dtype(dtype).itemsize > 1:
        image *= 5
    share = np.clip((image.astype(np.float64) - 100) / 1000, 0, 1)
    wanted = 255 * share**gamma
    screen = to_screen(image, LEVELS, gamma)
    assert screen.dtype == np.uint8
    assert np.abs(screen - wanted).max() <= 1.001


def test_no_number_is_black_and_infinity_white():
    image = np.array([[np.nan, np.inf, -np.inf, 1100.0]], np.float32)
    assert to_screen(image, LEVELS).tolist() == [[0, 255, 0, 255]]


def test_a_crop_is_shown_like_a_copy_of_it():
    image = np.random.default_rng(1).integers(0, 2000, (64, 64)).astype(np.uint16)
    part = image[3:40:2, 5:50:3]
    np.testing.assert_array_equal(to_screen(part, LEVELS), to_screen(part.copy(), LEVELS))
