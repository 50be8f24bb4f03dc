"""Focus measures and the image that is sharp everywhere."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from deepz_live.image.focus import extended_depth_of_field, middle_plane, sharpness
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
