"""A confocal stack is found against its wide-field twin, in all three directions."""

from __future__ import annotations

import numpy as np
import pytest
import twins
from scipy import ndimage
from twins import PIXEL_UM, STEP_UM, filaments, projective, seen, through

from deepz_live.analysis.crossmodal import CrossmodalError, align_stacks
from deepz_live.analysis.crossmodal.regions import field, left_over
from deepz_live.analysis.crossmodal.views import moved
from deepz_live.image.metrics import correlation

SAMPLING = {
    "moving_step_um": STEP_UM,
    "fixed_step_um": STEP_UM,
    "moving_pixel_um": PIXEL_UM,
    "fixed_pixel_um": PIXEL_UM,
}


@pytest.fixture(scope="module")
def found(wide_and_confocal):
    wide, confocal, _, _ = wide_and_confocal
    return align_stacks(confocal, wide, **SAMPLING)


def worst(matrix: np.ndarray, truth: np.ndarray, side_px: int) -> float:
    """Largest error in pixels over the field but its outermost tenth."""
    line = np.linspace(0.1, 0.9, 9) * (side_px - 1)
    y, x = np.meshgrid(line, line, indexing="ij")
    return float(
        np.hypot(*(moved(matrix, np.stack([y, x])) - np.stack(_through(truth, y, x)))).max()
    )


def _through(matrix, y, x):
    down, across = through(matrix, y.ravel(), x.ravel())
    return down.reshape(y.shape), across.reshape(x.shape)


def test_projective_transform_and_height_come_back(found, wide_and_confocal):
    wide, _, truth, planes = wide_and_confocal
    assert worst(found.matrix, truth, wide.shape[1]) < 0.3
    assert found.z_shift_um / STEP_UM == pytest.approx(planes, abs=0.1)
    assert found.way == "features"
    assert found.shift_px == pytest.approx((4.3, -6.7), abs=0.15)
    assert found.score > 0.7


def test_applied_confocal_shows_what_a_confocal_in_place_would(found, wide_and_confocal):
    wide, confocal, _, _ = wide_and_confocal
    applied = found.apply(confocal, wide.shape)
    in_place = seen(filaments(1, wide.shape[1]), wide.shape[1], confocal=True, seed=9)
    here = np.isfinite(applied)
    assert applied.shape == wide.shape
    assert applied.dtype == np.float32
    again = seen(filaments(1, wide.shape[1]), wide.shape[1], confocal=True, seed=10)
    noise_allows = correlation(again[here], in_place[here])
    assert correlation(confocal[here], in_place[here]) < 0.3
    assert correlation(applied[here], in_place[here]) > 0.95 * noise_allows


def test_where_the_confocal_has_no_data_there_are_no_numbers(found, wide_and_confocal):
    wide, confocal, _, planes = wide_and_confocal
    applied = found.apply(confocal, wide.shape)
    empty = np.isnan(applied).all(axis=(1, 2))
    assert list(np.flatnonzero(empty)) == list(range(int(np.ceil(-planes))))
    whole = np.isfinite(applied[-1])
    assert not whole[:, :4].any()  # content lies 6.7 px further left in the confocal
    assert whole[60:120, 60:120].all()


def test_other_sampling_of_the_confocal_makes_no_difference(wide_and_confocal):
    wide, confocal, truth, planes = wide_and_confocal
    coarse = confocal[:, ::2, ::2]  # pixel k of it is pixel 2 k
    found = align_stacks(coarse, wide, **SAMPLING | {"moving_pixel_um": 2 * PIXEL_UM})
    assert worst(np.diag([2, 2, 1]) @ found.matrix, truth, wide.shape[1]) < 0.6
    assert found.z_shift_um / STEP_UM == pytest.approx(planes, abs=0.15)
    every_other = confocal[::2]
    found = align_stacks(every_other, wide, **SAMPLING | {"moving_step_um": 2 * STEP_UM})
    assert found.z_shift_um / STEP_UM == pytest.approx(planes, abs=0.25)
    assert found.apply(every_other, wide.shape).shape == wide.shape


def test_too_few_features_are_answered_by_phase_correlation(monkeypatch, wide_and_confocal):
    wide, _, _, _ = wide_and_confocal
    moving = seen(
        filaments(1, wide.shape[1]),
        wide.shape[1],
        confocal=True,
        matrix=projective(wide.shape[1], (5.4, -3.2)),
        height_planes=1.3,
    )
    monkeypatch.setattr("deepz_live.analysis.crossmodal.lateral.FEWEST", 10_000)
    found = align_stacks(moving, wide, **SAMPLING)
    assert found.way == "phase correlation"
    assert found.shift_px == pytest.approx((5.4, -3.2), abs=0.1)
    assert found.z_shift_um / STEP_UM == pytest.approx(1.3, abs=0.1)


def test_a_region_that_moved_on_its_own_is_followed():
    """The right half of a texture moves by (0.6, -1.4) px, which no projective transform does."""
    random = np.random.default_rng(3).normal(size=(256, 400))
    texture = ndimage.gaussian_filter(random, 2).astype(np.float32)
    elsewhere = ndimage.shift(texture, (0.6, -1.4), order=5, mode="wrap")
    torn = np.hstack([texture[:, :200], elsewhere[:, 200:]])
    regions = left_over(texture, torn, np.eye(3), 96, 4.0)
    left = [r for r in regions if r.x_px < 140]
    right = [r for r in regions if r.x_px > 260]
    assert len(left) >= 6
    assert len(right) >= 6
    for region in left:
        assert (region.dy_px, region.dx_px) == pytest.approx((0, 0), abs=0.05)
    for region in right:
        assert (region.dy_px, region.dx_px) == pytest.approx((0.6, -1.4), abs=0.1)
    every_pixel = field(tuple(regions), texture.shape)
    assert every_pixel.shape == (2, 256, 400)
    assert every_pixel[:, 128, 30] == pytest.approx((0, 0), abs=0.05)
    assert every_pixel[:, 128, 370] == pytest.approx((0.6, -1.4), abs=0.1)


def test_unrelated_stacks_are_refused(wide_and_confocal):
    wide, _, _, _ = wide_and_confocal
    other = seen(filaments(77, wide.shape[1]), wide.shape[1], confocal=True)
    with pytest.raises(CrossmodalError, match=r"features look alike|same sample|no peak"):
        align_stacks(other, wide, **SAMPLING)


def test_stacks_without_common_heights_are_refused(wide_and_confocal):
    wide, confocal, _, _ = wide_and_confocal
    with pytest.raises(CrossmodalError, match=r"no peak|same sample|features look alike"):
        align_stacks(confocal[18:], wide[:9], **SAMPLING)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"moving_pixel_um": 2.0}, "differ by a factor of 8"),
        ({"fixed_step_um": 4.0}, "differ by a factor of 8"),
        ({"moving_step_um": 0.0}, "positive numbers"),
        ({"fixed_pixel_um": float("nan")}, "positive numbers"),
    ],
)
def test_sampling_that_cannot_be_is_refused(wide_and_confocal, change, message):
    wide, confocal, _, _ = wide_and_confocal
    with pytest.raises(CrossmodalError, match=message):
        align_stacks(confocal, wide, **SAMPLING | change)


def test_stacks_that_cannot_be_compared_are_refused_with_what_was_found(wide_and_confocal):
    wide, confocal, _, _ = wide_and_confocal
    with pytest.raises(CrossmodalError, match=r"target stack has shape \(192, 192\)"):
        align_stacks(confocal[0], wide, **SAMPLING)
    with pytest.raises(CrossmodalError, match="input stack is flat: every voxel is 7"):
        align_stacks(confocal, np.full_like(wide, 7), **SAMPLING)
    with pytest.raises(CrossmodalError, match="NaN"):
        align_stacks(np.full(confocal.shape, np.nan, np.float32), wide, **SAMPLING)
    with pytest.raises(CrossmodalError, match=r"31 planes of 0\.4 µm and the target 3 of"):
        align_stacks(confocal[14:17], wide, **SAMPLING)


def test_twins_psf_of_the_confocal_is_the_shorter_one():
    """The two modalities of these tests do differ, as the two microscopes would."""
    wide, confocal = twins._psf(False), twins._psf(True)
    assert (wide.sum(axis=(1, 2)) > 0.5 * wide.sum(axis=(1, 2)).max()).sum() > 12
    assert (confocal.sum(axis=(1, 2)) > 0.5 * confocal.sum(axis=(1, 2)).max()).sum() < 8
