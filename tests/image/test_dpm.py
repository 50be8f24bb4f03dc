"""Surfaces become DPMs in µm, with x right and y down from the image's centre."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.dpm import Cylinder, SurfaceError, Tilt
from deepz_live.image.surface_text import parse_surface

SHAPE = (65, 129)
PIXEL_UM = 0.325


def test_uniform_is_the_same_distance_everywhere():
    dpm = parse_surface("uniform:-3.5").dpm(SHAPE, PIXEL_UM)
    assert dpm.shape == SHAPE
    assert dpm.dtype == np.float32
    assert np.all(dpm == np.float32(-3.5))


def test_tilt_rises_to_the_right_by_the_tangent_and_is_zero_in_the_centre():
    dpm = parse_surface("tilt:1.5,0").dpm(SHAPE, PIXEL_UM)
    assert dpm[32, 64] == 0
    assert dpm[0, 128] == pytest.approx(64 * PIXEL_UM * np.tan(np.deg2rad(1.5)), rel=1e-5)
    assert np.all(dpm == dpm[0])


def test_second_angle_tilts_downwards_and_third_number_lifts_the_centre():
    dpm = parse_surface("tilt:0,2,5").dpm(SHAPE, PIXEL_UM)
    assert dpm[32, 64] == 5
    assert dpm[64, 0] == pytest.approx(5 + 32 * PIXEL_UM * np.tan(np.deg2rad(2)), rel=1e-5)


@pytest.mark.parametrize(("angle", "along", "across"), [(0, 1, 0), (90, 0, 1)])
def test_cylinder_is_highest_on_its_axis_and_follows_the_circle(angle, along, across):
    shape = (101, 101)
    dpm = parse_surface(f"cylinder:7.2@{angle}").dpm(shape, 10.0)
    assert np.ptp(dpm, axis=along).max() < 1e-3
    profile = np.take(dpm, 50, axis=along)
    assert profile[50] == pytest.approx(0, abs=1e-4)
    assert profile[0] == pytest.approx(np.sqrt(3600**2 - 500**2) - 3600, abs=1e-2)


def test_hollow_cylinder_is_the_mirror_of_the_full_one():
    full, hollow = (Cylinder(d).dpm((51, 51), 1.0) for d in (1.0, -1.0))
    np.testing.assert_allclose(hollow, -full, atol=1e-5)


def test_cylinder_smaller_than_the_image_is_refused_with_both_numbers():
    with pytest.raises(SurfaceError, match=r"0\.1 mm ends 50 µm.*reaches 80 µm"):
        Cylinder(0.1).dpm((161, 11), 1.0)


def test_sine_has_the_period_and_amplitude_given():
    dpm = parse_surface("sine:32,4").dpm((8, 129), 1.0)
    assert dpm.max() == pytest.approx(4, abs=1e-4)
    np.testing.assert_allclose(dpm[:, :-32], dpm[:, 32:], atol=1e-4)
    assert dpm[0, 64 + 8] == pytest.approx(4, abs=1e-4)


def test_angle_and_height_may_follow_each_other():
    dpm = parse_surface("sine:32,4@90,1").dpm((129, 8), 1.0)
    assert dpm.max() == pytest.approx(5, abs=1e-4)
    assert np.ptp(dpm, axis=1).max() < 1e-4


def test_tilt_of_ninety_degrees_is_refused():
    with pytest.raises(SurfaceError, match="between -90° and 90°"):
        Tilt(90, 0).dpm(SHAPE, PIXEL_UM)
