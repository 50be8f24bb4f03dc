"""Training and validation share no pixel."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.train.errors import TrainingError
from deepz_live.train.split import Split, split_regions
from tests.train.test_cover import blobs, dots


def painted(split: Split, count: int, shape: tuple[int, int]) -> np.ndarray:
    """``(2, count, Y, X)``: where training and where validation regions lie."""
    where = np.zeros((2, count, *shape), bool)
    for image, regions in zip(where, split, strict=True):
        for number, region in regions:
            image[number][region.slices] = True
    return where


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("side", [64, 80, 256])
def test_no_pixel_is_trained_on_and_validated_on(seed: int, side: int) -> None:
    masks = [blobs(seed, (300, 300)), dots(seed, (300, 300), 40)]
    split = split_regions(masks, side, np.random.default_rng(seed))
    training, validation = painted(split, 2, (300, 300))
    assert training.any()
    assert validation.any()
    assert not (training & validation).any()


def test_85_per_cent_of_many_regions_are_trained_on() -> None:
    masks = [dots(seed, (512, 512), 60) for seed in range(2)]
    training, validation = split_regions(masks, 64, np.random.default_rng(0))
    share = len(training) / (len(training) + len(validation))
    assert share == pytest.approx(0.85, abs=0.02)


def test_validation_regions_keep_most_of_their_size_and_signal() -> None:
    masks = [blobs(7, (400, 400))]
    _, validation = split_regions(masks, 100, np.random.default_rng(0))
    for number, region in validation:
        assert region.side >= 75
        assert masks[number][region.slices].any()


def test_squares_that_do_not_fit_the_field_give_way_to_smaller_ones_that_do() -> None:
    training, validation = split_regions([np.ones((300, 300), bool)], 256, np.random.default_rng(0))
    assert {region.side for _, region in training} == {152}
    assert len(training) + len(validation) == 4


def test_the_same_seed_gives_the_same_split() -> None:
    masks = [dots(1, (256, 256), 40)]
    assert split_regions(masks, 64, np.random.default_rng(5)) == split_regions(
        masks, 64, np.random.default_rng(5)
    )


def test_signal_for_one_region_only_cannot_be_split() -> None:
    mask = np.zeros((128, 128), bool)
    mask[60:64, 60:64] = True
    with pytest.raises(TrainingError, match="fewer than two separate regions"):
        split_regions([mask], 128, np.random.default_rng(0))
