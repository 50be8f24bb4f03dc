"""A frame's appearance tells what is unusual about it, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.appearance import TOLERANCES, appearance, farthest_out, level_of

PIXEL_UM = 0.325


def field(peak: float = 0.5, background: float = 0.0, sigma_px: float = 2.0, points: int = 12):
    """``(128, 128)``: Gaussian spots on a noisy background."""
    rng = np.random.default_rng(4)
    rows, columns = np.mgrid[:128, :128]
    image = np.full((128, 128), background, np.float32)
    image += rng.normal(0, 0.002, image.shape).astype(np.float32)
    for y, x in rng.uniform(10, 118, (points, 2)):
        image += peak * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma_px**2))
    return image


def known(*images):
    looks = [appearance(image, PIXEL_UM) for image in images]
    return {name: (min(o[name] for o in looks), max(o[name] for o in looks)) for name in TOLERANCES}


def test_a_frame_of_the_known_kind_lies_inside() -> None:
    ranges = known(field(), field(peak=0.3), field(sigma_px=4))
    assert farthest_out(appearance(field(peak=0.4), PIXEL_UM), ranges)[1] < 0.05


@pytest.mark.parametrize(
    ("image", "strange"),
    [
        (field(background=0.3), "background"),
        (field(sigma_px=15, points=60), "bright"),
        (field(peak=6.0), "peak"),
    ],
)
def test_what_is_unusual_is_named(image, strange) -> None:
    ranges = known(field(), field(peak=0.3), field(sigma_px=4))
    outside = {
        name: farthest_out(appearance(image, PIXEL_UM), {name: ranges[name]})[1]
        for name in TOLERANCES
    }
    assert outside[strange] > 0.5
    assert farthest_out(appearance(image, PIXEL_UM), ranges)[1] == max(outside.values())


def test_an_empty_frame_has_numbers_too() -> None:
    found = appearance(np.zeros((32, 32), np.float32), PIXEL_UM)
    assert set(found) == set(TOLERANCES)
    assert all(np.isfinite(value) for value in found.values())


def test_a_level_comes_back_from_its_number() -> None:
    image = np.full((32, 32), 0.25, np.float32)
    assert level_of(appearance(image, PIXEL_UM)["background"]) == pytest.approx(0.25, rel=1e-5)
