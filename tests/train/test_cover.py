"""Regions hold all of the signal, are few, and hardly overlap."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from deepz_live.train.cover import cover, overlap
from deepz_live.train.patches import Region


def dots(seed: int, shape: tuple[int, int], count: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, bool)
    mask[rng.integers(0, shape[0], count), rng.integers(0, shape[1], count)] = True
    return np.asarray(binary_dilation(mask, iterations=5))


def blobs(seed: int, shape: tuple[int, int]) -> NDArray[np.bool_]:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 20)
    return np.asarray(noise > np.quantile(noise, 0.7))


MASKS = [
    *(dots(seed, (256, 300), 30) for seed in range(4)),
    *(blobs(seed, (256, 300)) for seed in range(4)),
    np.ones((256, 300), bool),
]


@pytest.mark.parametrize("side", [40, 64, 101])
@pytest.mark.parametrize("mask", MASKS)
def test_every_pixel_of_the_mask_is_covered_and_no_square_leaves_the_field(
    mask: NDArray[np.bool_], side: int
) -> None:
    left = mask.copy()
    for region in cover(mask, side):
        assert region.side == side
        assert left[region.slices].shape == (side, side)
        left[region.slices] = False
    assert not left.any()


def test_regions_share_about_a_twentieth_of_their_area() -> None:
    masks = [dots(seed, (512, 512), 52) for seed in range(3)]
    masks += [blobs(seed, (512, 512)) for seed in range(3)]
    shares = [overlap(cover(mask, side)) for mask in masks for side in (64, 128)]
    assert np.mean(shares) < 0.06
    assert max(shares) < 0.15


def test_a_full_field_is_tiled() -> None:
    assert cover(np.ones((512, 512), bool), 256) == [
        Region(y, x, 256) for y in (0, 256) for x in (0, 256)
    ]


def test_few_regions_suffice() -> None:
    mask = np.zeros((512, 512), bool)
    corners = [(3, 5), (10, 300), (290, 40), (380, 400)]
    for y, x in corners:  # four clusters, each smaller than a square
        mask[y : y + 90, x : x + 90] = dots(y, (90, 90), 12)
    assert len(cover(mask, 100)) == 4


def test_no_signal_needs_no_region() -> None:
    assert cover(np.zeros((64, 64), bool), 32) == []


def test_overlap_is_the_part_that_is_there_twice() -> None:
    assert overlap([Region(0, 0, 10), Region(0, 9, 10)]) == pytest.approx(10 / 200)
    assert overlap([Region(0, 0, 10), Region(20, 0, 10)]) == 0
