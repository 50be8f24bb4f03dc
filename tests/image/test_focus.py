"""Focus measures and the image that is sharp everywhere."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from deepz_live.image.focus import (
    extended_depth_of_field,
    fine_structure,
    middle_plane,
    sharpness,
)
from deepz_live.image.metrics import correlation

RNG = np.random.default_rng(0)
TEXTURE = gaussian_filter(RNG.normal(0, 1, (96, 96)), 1.0) * 500 + 1000


def stack_in_focus_at(left: int, right: int, planes: int = 21) -> np.ndarray:
    """The left half is sharp in one plane, the right half in another."""
    z = []
    for index in range(planes):
        blur = [gaussian_filter(TEXTURE, 0.6 * abs(index - focus)) for focus in (left, right)]
        z.append(np.hstack([blur[0][:, :48], blur[1][:, 48:]]))
    return np.array(z)


def test_sharpest_plane_is_found() -> None:
    assert int(np.argmax(sharpness(stack_in_focus_at(8, 8)))) == 8


def test_middle_plane_keeps_its_reach_inside_the_stack() -> None:
    assert middle_plane(stack_in_focus_at(2, 2), 5) == 5
    assert middle_plane(stack_in_focus_at(9, 9), 5) == 9
    assert middle_plane(stack_in_focus_at(2, 2), 40) == 10


def test_fusion_is_sharper_than_any_plane_and_invents_no_brightness() -> None:
    stack = stack_in_focus_at(4, 16)
    fused = extended_depth_of_field(stack)
    best_plane = max(correlation(plane, TEXTURE) for plane in stack)
    assert correlation(fused, TEXTURE) > best_plane + 0.05
    nearest = np.abs(stack - fused).min(axis=0)
    assert nearest.max() < 1e-2


def test_fusion_of_a_tiny_stack_still_works() -> None:
    assert extended_depth_of_field(np.ones((3, 7, 9), np.uint16)).shape == (7, 9)


def test_fine_structure_is_greatest_in_focus_whatever_the_gain() -> None:
    stack = stack_in_focus_at(8, 8)
    found = fine_structure(stack)
    assert int(np.argmax(found)) == 8
    np.testing.assert_allclose(fine_structure(3 * stack + 100, background=100), found, rtol=1e-9)
    assert np.isnan(fine_structure(np.zeros((1, 8, 8)))).all()


def test_noise_is_no_fine_structure_though_it_spreads_the_pixels() -> None:
    """A blurred frame with shot noise against the sharp one that is dim and without noise."""
    sharp, blurred = TEXTURE, gaussian_filter(TEXTURE, 4.0)
    noisy = RNG.poisson(blurred / 40) * 40.0
    planes = np.stack([blurred, noisy, 0.7 * sharp])
    spread, fine = sharpness(planes), fine_structure(planes)
    assert spread[1] > spread[2]
    assert spread[1] > 2 * spread[0]
    assert fine[2] > 5 * abs(fine[1])


def test_of_pure_noise_fine_structure_is_about_zero() -> None:
    noise = np.stack([1000 + RNG.normal(0, 100, (256, 256)) for _ in range(20)])
    found = fine_structure(noise)
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(len(found))
    assert np.abs(found).max() < 0.05 * (100 / 1000) ** 2
