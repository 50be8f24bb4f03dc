"""Resampling keeps what was there where it was, and as bright."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.resample import resample, resampled_shape


def spot(shape, pixel_um, centre_um=(14.0, 19.0), sigma_um=1.2):
    """A Gaussian on pixels whose first corner is at 0 µm."""
    y, x = ((np.arange(n) + 0.5) * pixel_um for n in shape)
    distance2 = (y[:, None] - centre_um[0]) ** 2 + (x[None] - centre_um[1]) ** 2
    return (100 + 1000 * np.exp(-distance2 / (2 * sigma_um**2))).astype(np.float32)


@pytest.mark.parametrize(("from_um", "to_um"), [(0.1625, 0.325), (0.217, 0.325), (0.65, 0.325)])
def test_a_spot_stays_where_it_is_on_the_sample(from_um, to_um):
    shape = (round(30 / from_um), round(40 / from_um))
    made = resample(spot(shape, from_um), from_um, to_um)
    wanted = spot(made.shape, to_um)
    # A larger pixel averages over its area, which the spot drawn at its centre does not.
    assert np.abs(made - wanted).max() < 0.02 * 1000
    assert made.dtype == np.float32


def test_noise_is_averaged_and_never_aliased():
    noise = np.random.default_rng(0).normal(0, 1, (200, 200))
    assert resample(noise, 0.1, 0.4).std() == pytest.approx(1 / 4, rel=0.15)


def test_the_same_size_changes_nothing():
    image = spot((40, 50), 0.325)
    np.testing.assert_allclose(resample(image, 0.325, 0.325), image, rtol=1e-5)


def test_only_whole_pixels_are_made():
    assert resampled_shape((100, 101), 0.1, 0.3) == (33, 33)
    assert resample(np.ones((100, 101)), 0.1, 0.3).shape == (33, 33)
