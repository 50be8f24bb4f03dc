"""Drawn surfaces: a coarse grid holds them, and a brush pulls hills where it is pressed."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.dpm import Cylinder, SurfaceError, Tilt, Uniform
from deepz_live.image.free import Free

SHAPE = (120, 200)
PIXEL_UM = 0.5


@pytest.mark.parametrize("surface", [Uniform(2.0), Tilt(2.0, -1.0, 1.0), Cylinder(1.0, 20.0)])
def test_a_coarse_grid_holds_what_is_smooth(surface):
    drawn = Free.like(surface, SHAPE, PIXEL_UM)
    assert len(drawn.heights_um) * len(drawn.heights_um[0]) < 0.01 * SHAPE[0] * SHAPE[1]
    np.testing.assert_allclose(drawn.dpm(SHAPE, PIXEL_UM), surface.dpm(SHAPE, PIXEL_UM), atol=2e-3)


def test_the_brush_raises_where_it_is_and_nothing_far_from_it():
    flat = Free.like(Uniform(0.0), SHAPE, PIXEL_UM)
    dpm = flat.raised(10.0, -20.0, 1.5, 20.0).dpm(SHAPE, PIXEL_UM)
    row, column = round(10 / PIXEL_UM + 59.5), round(-20 / PIXEL_UM + 99.5)
    assert dpm[row, column] == pytest.approx(1.5, abs=0.1)
    assert abs(dpm[row, column + 80]) < 0.05
    back = flat.raised(10.0, -20.0, 1.5, 20.0).raised(10.0, -20.0, -1.5, 20.0)
    np.testing.assert_allclose(back.dpm(SHAPE, PIXEL_UM), 0, atol=2e-3)


def test_the_brush_is_never_narrower_than_the_grid_can_hold():
    flat = Free.like(Uniform(0.0), SHAPE, PIXEL_UM)
    dpm = flat.raised(1.0, 3.0, 1.0, 0.1).dpm(SHAPE, PIXEL_UM)
    row, column = np.unravel_index(np.argmax(dpm), SHAPE)
    assert (row - 59.5) * PIXEL_UM == pytest.approx(1.0, abs=2)
    assert (column - 99.5) * PIXEL_UM == pytest.approx(3.0, abs=2)
    assert 0.7 < dpm.max() < 1.2


def test_a_large_field_has_no_more_heights_than_can_be_stored():
    drawn = Free.like(Tilt(0.1, 0.0), (2048, 2048), 0.65)
    assert len(drawn.heights_um) <= 64
    np.testing.assert_allclose(
        drawn.dpm((2048, 2048), 0.65), Tilt(0.1, 0.0).dpm((2048, 2048), 0.65), atol=2e-3
    )


def test_one_height_is_a_plane_and_beyond_the_grid_heights_continue():
    assert np.all(Free(((2.5,),), 8.0).dpm((9, 9), 1.0) == np.float32(2.5))
    dpm = Free(((0.0, 4.0),), 8.0).dpm((3, 41), 1.0)
    assert dpm[1, 0] == pytest.approx(0)
    assert dpm[1, -1] == pytest.approx(4)


def test_rows_of_unequal_length_and_values_that_are_no_number_are_refused():
    with pytest.raises(SurfaceError, match=r"rows of \[1, 2\]"):
        Free(((1.0, 2.0), (1.0,)), 8.0).dpm((9, 9), 1.0)
    with pytest.raises(SurfaceError, match=r"1 height\(s\) that are no number"):
        Free(((1.0, float("nan")),), 8.0).dpm((9, 9), 1.0)


def test_a_surface_seen_from_a_sample_that_moved_is_where_it_was():
    drawn = Free.like(Tilt(2.0, 1.0, 3.0), SHAPE, PIXEL_UM).raised(0.0, 10.0, 1.0, 24.0)
    dpm = drawn.dpm(SHAPE, PIXEL_UM)
    moved = drawn.moved(0.5, 2.0, -3.0).dpm(SHAPE, PIXEL_UM)
    rows, columns = round(2.0 / PIXEL_UM), round(-3.0 / PIXEL_UM)
    inner = slice(20, 100), slice(20, 180)
    wanted = np.roll(dpm - 0.5, (-rows, -columns), axis=(0, 1))
    np.testing.assert_allclose(moved[inner], wanted[inner], atol=0.02)
    assert drawn.moved(0, 0, 0) is drawn
