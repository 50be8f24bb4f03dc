"""Compensation moves planes and image back onto the sample as it was at the reference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from deepz_live.refocus.view import Shift, ViewRequest, make_view

Z_UM = tuple(np.arange(-5.0, 5.1, 0.5))
PIXEL_UM = 0.5


def volume(z_um: float, y_px: float, x_px: float) -> np.ndarray:
    """One bead."""
    z, y, x = np.meshgrid(Z_UM, np.arange(48.0), np.arange(64.0), indexing="ij")
    square = ((z - z_um) / 1.0) ** 2 + ((y - y_px) / 2) ** 2 + ((x - x_px) / 2) ** 2
    return (100 + 1000 * np.exp(-square)).astype(np.float32)


def test_compensated_view_of_a_drifted_bead_is_the_view_before_the_drift():
    request = ViewRequest(distances_um=(0.0, 1.0, 2.0), free_um=1.0)
    before = make_view(volume(1.0, 20, 30), Z_UM, PIXEL_UM, request, Shift())
    drifted = volume(2.5, 23.5, 26.25)
    after = make_view(drifted, Z_UM, PIXEL_UM, request, Shift(1.5, 3.5, -3.75))
    for name in ("planes", "free", "projection"):
        difference = np.abs(getattr(after, name) - getattr(before, name)).max()
        assert difference < 150, name  # a bead of 1000, interpolated linearly
    assert np.unravel_index(after.free.argmax(), after.free.shape) == (20, 30)
    assert after.warnings == ()


def test_compensation_beyond_the_range_shows_the_last_plane_and_says_so():
    request = ViewRequest(distances_um=(0.0, 4.0))
    view = make_view(volume(1, 20, 30), Z_UM, PIXEL_UM, request, Shift(dz_um=2.0))
    np.testing.assert_array_equal(view.planes[1], volume(1, 20, 30)[-1])
    assert "beyond the model's" in view.warnings[0]


def test_uncompensated_view_is_untouched():
    one = volume(1, 20, 30)
    view = make_view(one, Z_UM, PIXEL_UM, ViewRequest(distances_um=(-5.0, 5.0)), Shift())
    np.testing.assert_array_equal(view.planes, one[[0, -1]])
    assert view.projection.max() == pytest.approx(one.max())


@pytest.mark.parametrize(
    "shift",
    [Shift(0, 1.5, -2.25), Shift(0, -3.0, 0.0), Shift(0, 0.0, 7.75), Shift(0, 60.0, 1.0)],
)
def test_moving_back_is_linear_interpolation_with_the_darkest_value_beyond(shift):
    one = volume(1, 20, 30)[:1]
    view = make_view(one, (0.0,), PIXEL_UM, ViewRequest(distances_um=(0.0,)), shift)
    offsets = (-shift.dy_px, -shift.dx_px)
    empty = one[0, ::8, ::8].min()
    wanted = ndimage.shift(one[0], offsets, order=1, cval=empty)
    np.testing.assert_allclose(view.planes[0], wanted, rtol=1e-4)
