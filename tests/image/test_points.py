"""Surfaces through points: the kind that the points lie on is found again, others are refused."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.dpm import Cylinder, SurfaceError, Tilt
from deepz_live.image.points import Points
from deepz_live.image.surface_fit import fit_heights
from deepz_live.image.surface_text import parse_surface

SHAPE = (65, 129)
PIXEL_UM = 0.325


def test_points_give_back_the_plane_that_they_lie_on():
    tilted = Tilt(1.0, -2.0, 3.0).dpm(SHAPE, PIXEL_UM)
    where = [(0, 0), (64, 10), (20, 128), (50, 60)]
    points = tuple(
        (float(tilted[i, j]), (i - 32) * PIXEL_UM, (j - 64) * PIXEL_UM) for i, j in where
    )
    np.testing.assert_allclose(Points(points).dpm(SHAPE, PIXEL_UM), tilted, atol=1e-4)


def test_points_on_a_line_span_no_plane():
    with pytest.raises(SurfaceError, match="3 or more that are not on one line"):
        parse_surface("points:0,0,0;1,1,1;2,2,2").dpm(SHAPE, PIXEL_UM)


def test_a_quadratic_through_points_of_a_cylinder_is_that_cylinder():
    bent = Cylinder(7.2, 90.0, 2.0)
    shape, pixel_um = (101, 201), 1.0
    heights = bent.dpm(shape, pixel_um)
    points = tuple(
        (float(heights[i, j]), i - 50.0, j - 100.0) for i in (0, 50, 100) for j in (0, 100, 200)
    )
    np.testing.assert_allclose(Points(points, "quadratic").dpm(shape, pixel_um), heights, atol=1e-3)


def test_a_thin_plate_goes_through_every_point_and_bends_little_between():
    points = ((0, -9, -18), (0, -9, 18), (0, 9, -18), (0, 9, 18), (3, 0, 0))
    dpm = Points(points, "thin-plate").dpm(SHAPE, PIXEL_UM)
    for z, y, x in points:
        assert dpm[round(y / PIXEL_UM) + 32, round(x / PIXEL_UM) + 64] == pytest.approx(z, abs=0.05)
    assert dpm.max() <= 3.05
    tilted = Tilt(1.0, 2.0, 0.5).dpm(SHAPE, PIXEL_UM)
    corners = [(0, 0), (0, 128), (64, 0), (64, 128), (20, 50)]
    on_it = tuple(
        (float(tilted[i, j]), (i - 32) * PIXEL_UM, (j - 64) * PIXEL_UM) for i, j in corners
    )
    np.testing.assert_allclose(Points(on_it, "thin-plate").dpm(SHAPE, PIXEL_UM), tilted, atol=1e-3)


def test_a_thin_plate_over_many_pixels_is_the_same_as_over_few():
    points = ((0, -40, -40), (2, -40, 40), (-1, 40, -40), (3, 40, 40), (4, 5, 0))
    fine = Points(points, "thin-plate").dpm((401, 401), 0.25)
    exact = Points(points, "thin-plate").dpm((101, 101), 1.0)
    np.testing.assert_allclose(fine[::4, ::4], exact, atol=5e-3)


@pytest.mark.parametrize(
    ("fit", "count", "fewest"), [("plane", 2, 3), ("quadratic", 5, 6), ("thin-plate", 2, 3)]
)
def test_too_few_points_are_refused_with_the_number_wanted(fit, count, fewest):
    points = tuple((0.0, float(i), float(i * i)) for i in range(count))
    with pytest.raises(SurfaceError, match=rf"{count} point\(s\) make no {fit}.*{fewest} or more"):
        Points(points, fit).dpm(SHAPE, PIXEL_UM)


def test_points_that_count_more_are_nearer_to_the_surface():
    points = np.array([(0, 0, 0), (0, 0, 9), (0, 9, 0), (1, 9, 9)], float)
    at = np.array([9.0])
    even = fit_heights(points)(at, at)[0]
    uneven = fit_heights(points, weights=np.array([1, 1, 1, 50.0]))(at, at)[0]
    assert even < uneven < 1
