"""Compensation moves planes and image back onto the sample as it was at the reference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from deepz_live.image.dpm import Uniform
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut, SurfaceCut
from deepz_live.refocus.view import Shift, ViewRequest, make_view

Z_UM = tuple(np.arange(-5.0, 5.1, 0.5))
PIXEL_UM = 0.5


def volume(z_um: float, y_px: float, x_px: float) -> np.ndarray:
    """One bead."""
    z, y, x = np.meshgrid(Z_UM, np.arange(48.0), np.arange(64.0), indexing="ij")
    square = ((z - z_um) / 1.0) ** 2 + ((y - y_px) / 2) ** 2 + ((x - x_px) / 2) ** 2
    return (100 + 1000 * np.exp(-square)).astype(np.float32)


def test_compensated_view_of_a_drifted_bead_is_the_view_before_the_drift():
    cuts = (PlaneCut(0.0), PlaneCut(1.0), SurfaceCut(Uniform(0.5), 0.5), ProjectionCut("max"))
    request = ViewRequest(cuts)
    before = make_view(volume(1.0, 20, 30), Z_UM, PIXEL_UM, request, Shift())
    drifted = volume(2.5, 23.5, 26.25)
    after = make_view(drifted, Z_UM, PIXEL_UM, request, Shift(1.5, 3.5, -3.75))
    for cut, now, then in zip(cuts, after.images, before.images, strict=True):
        assert np.abs(now - then).max() < 150, cut  # a bead of 1000, interpolated linearly
    assert np.unravel_index(after.images[2].argmax(), after.images[2].shape) == (20, 30)
    assert after.warnings == ()


def test_compensation_beyond_the_range_shows_the_last_plane_and_says_so():
    request = ViewRequest((PlaneCut(0.0), PlaneCut(4.0)))
    view = make_view(volume(1, 20, 30), Z_UM, PIXEL_UM, request, Shift(dz_um=2.0))
    np.testing.assert_array_equal(view.images[1], volume(1, 20, 30)[-1])
    assert "beyond the model's" in view.warnings[0]


def test_uncompensated_view_is_untouched():
    one = volume(1, 20, 30)
    view = make_view(
        one,
        Z_UM,
        PIXEL_UM,
        ViewRequest((PlaneCut(-5.0), ProjectionCut("max"), PlaneCut(5.0))),
        Shift(),
    )
    low, projection, high = view.images
    np.testing.assert_array_equal([low, high], one[[0, -1]])
    np.testing.assert_array_equal(projection, one.max(axis=0))


@pytest.mark.parametrize(
    "shift",
    [Shift(0, 1.5, -2.25), Shift(0, -3.0, 0.0), Shift(0, 0.0, 7.75), Shift(0, 60.0, 1.0)],
)
def test_moving_back_is_linear_interpolation_with_the_darkest_value_beyond(shift):
    one = volume(1, 20, 30)[:1]
    view = make_view(one, (0.0,), PIXEL_UM, ViewRequest((PlaneCut(0.0),)), shift)
    offsets = (-shift.dy_px, -shift.dx_px)
    empty = one[0, ::8, ::8].min()
    wanted = ndimage.shift(one[0], offsets, order=1, cval=empty)
    np.testing.assert_allclose(view.images[0], wanted, rtol=1e-4)


def test_depth_of_the_maximum_is_where_the_bead_is_before_and_after_it_drifted():
    request = ViewRequest((ProjectionCut("depth"),))
    for one, shift in (
        (volume(1.0, 20, 30), Shift()),
        (volume(2.5, 23, 26), Shift(1.5, 3.0, -4.0)),
    ):
        ((brightness, depth_um),) = make_view(one, Z_UM, PIXEL_UM, request, shift).images
        assert np.unravel_index(brightness.argmax(), brightness.shape) == (20, 30)
        assert depth_um[20, 30] == pytest.approx(1.0)


@pytest.mark.parametrize(("axis", "at"), [("xz", 20.4), ("yz", 30.9)])
def test_a_section_shows_the_bead_at_its_depth_and_stays_on_it_when_it_drifts(axis, at):
    request = ViewRequest((SectionCut(axis, at),))
    (before,) = make_view(volume(1.0, 20, 30), Z_UM, PIXEL_UM, request, Shift()).images
    depth = Z_UM.index(1.0)
    assert before.shape == ((len(Z_UM), 64) if axis == "xz" else (48, len(Z_UM)))
    wanted = (depth, 30) if axis == "xz" else (20, depth)
    assert np.unravel_index(before.argmax(), before.shape) == wanted
    drifted = volume(2.5, 23, 26)
    (after,) = make_view(drifted, Z_UM, PIXEL_UM, request, Shift(1.5, 3.0, -4.0)).images
    assert np.unravel_index(after.argmax(), after.shape) == wanted


def test_a_section_beyond_the_image_is_its_last_row():
    one = volume(1.0, 20, 30)
    (image,) = make_view(
        one, Z_UM, PIXEL_UM, ViewRequest((SectionCut("xz", 900.0),)), Shift()
    ).images
    np.testing.assert_array_equal(image, one[:, -1])
