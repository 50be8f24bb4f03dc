"""Interpolation along z is exact on the grid and linear between."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.planes import planes_at, surface_from

Z_UM = tuple(round(-10 + 0.5 * i, 1) for i in range(41))
VOLUME = np.random.default_rng(1).normal(500, 200, (41, 12, 17)).astype(np.float32)


def test_planes_on_the_grid_are_the_planes_bit_by_bit():
    np.testing.assert_array_equal(planes_at(VOLUME, Z_UM, Z_UM), VOLUME)


def test_surfaces_on_the_grid_are_the_planes_bit_by_bit():
    for index, z_um in enumerate(Z_UM):
        dpm = np.full(VOLUME.shape[1:], z_um, np.float32)
        np.testing.assert_array_equal(surface_from(VOLUME, Z_UM, dpm), VOLUME[index])


def test_between_planes_both_weigh_by_distance():
    plane = planes_at(VOLUME, Z_UM, [0.125])[0]
    np.testing.assert_allclose(plane, 0.75 * VOLUME[20] + 0.25 * VOLUME[21], rtol=1e-6)


def test_surface_takes_each_pixel_from_its_own_depth():
    ramp = np.broadcast_to(np.asarray(Z_UM, np.float32)[:, None, None], (41, 8, 9)).copy()
    dpm = np.random.default_rng(2).uniform(-10, 10, (8, 9)).astype(np.float32)
    np.testing.assert_allclose(surface_from(ramp, Z_UM, dpm), dpm, atol=1e-4)


def test_uneven_grids_work_too():
    grid = (-3.0, -1.0, 0.0, 4.0)
    volume = np.asarray(grid, np.float32)[:, None, None] * np.ones((1, 2, 2), np.float32)
    values = planes_at(volume, grid, [-2.0, 1.0, 4.0])[:, 0, 0]
    np.testing.assert_allclose(values, [-2, 1, 4], atol=1e-5)


@pytest.mark.parametrize("distance", [-10.2, 11.0, float("nan")])
def test_distances_outside_are_refused(distance):
    with pytest.raises(RefocusError, match=r"outside the range -10 … \+10 µm|not a number"):
        planes_at(VOLUME, Z_UM, [0.0, distance])


def test_dpm_of_another_size_is_refused():
    with pytest.raises(RefocusError, match="one distance for each pixel"):
        surface_from(VOLUME, Z_UM, np.zeros((12, 16)))


def test_no_distances_give_no_planes():
    assert planes_at(VOLUME, Z_UM, []).shape == (0, 12, 17)
