"""Neurons of synthetic stacks, whose places are known, are found there and only there."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.neurons import NeuronsError, Search, find_neurons

PIXEL_UM, STEP_UM = 0.325, 0.5
BALLS = np.array(
    [(6.0, 30.0, 30.0), (14.0, 30.4, 31.0), (10.0, 60.0, 40.0), (10.0, 60.0, 49.5), (8.0, 20, 70)]
)
"""(z, y, x) in voxels: two above each other, two touching side by side, one alone."""


def stack_of(places: np.ndarray, *, noise: float = 0.0, shape=(21, 90, 90)) -> np.ndarray:
    """Balls of radius 1.25 µm, as a lens blurs them, on a background of 100."""
    z, y, x = np.indices(shape, dtype=np.float32)
    stack = np.full(shape, 100, np.float32)
    for ball in places:
        away = ((z - ball[0]) * STEP_UM / 1.2) ** 2
        away += ((y - ball[1]) ** 2 + (x - ball[2]) ** 2) * (PIXEL_UM / 0.9) ** 2
        stack += 1000 * np.exp(-away / 2).astype(np.float32)
    return stack + np.random.default_rng(0).normal(0, noise, shape).astype(np.float32)


def nearest(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    voxel = np.array([STEP_UM, PIXEL_UM, PIXEL_UM])
    return np.linalg.norm((found[None] - wanted[:, None]) * voxel, axis=2).min(axis=1)


def test_balls_are_found_where_they_are_even_above_and_beside_each_other():
    masks = find_neurons(stack_of(BALLS, noise=10), PIXEL_UM, STEP_UM)
    assert len(masks) == len(BALLS)
    assert nearest(masks.centres, BALLS).max() < 0.25


def test_each_mask_holds_its_own_centre_and_no_other_and_ends_nearby():
    masks = find_neurons(stack_of(BALLS), PIXEL_UM, STEP_UM)
    at = np.rint(masks.centres).astype(int)
    np.testing.assert_array_equal(masks.labels[tuple(at.T)], np.arange(1, len(BALLS) + 1))
    search = Search()
    for number, centre in enumerate(masks.centres, start=1):
        away = (np.argwhere(masks.labels == number) - centre) * [STEP_UM, PIXEL_UM, PIXEL_UM]
        assert np.abs(away[:, 1:]).max() < search.reach_um + PIXEL_UM
        assert np.abs(away[:, 0]).max() < search.reach_axial_um + STEP_UM


def test_one_plane_shows_neighbours_but_not_what_is_above_what():
    flat = stack_of(BALLS).max(axis=0, keepdims=True)
    masks = find_neurons(flat, PIXEL_UM, STEP_UM)
    assert masks.labels.shape == flat.shape
    assert len(masks) == len(BALLS) - 1


def test_the_faintest_that_counts_is_a_share_of_the_strongest():
    stack = stack_of(BALLS[2:])
    stack += 0.1 * (stack_of(BALLS[:1]) - 100)
    few = find_neurons(stack, PIXEL_UM, STEP_UM, Search(least=0.3))
    more = find_neurons(stack, PIXEL_UM, STEP_UM, Search(least=0.05))
    assert (len(few), len(more)) == (3, 4)


@pytest.mark.parametrize(
    "stack, text",
    [
        (np.ones((5, 20, 20), np.float32), "Nothing in the structure channel rises"),
        (np.full((5, 20, 20), np.nan, np.float32), "no number"),
        (np.ones((20, 20), np.float32), r"\(Z, Y, X\) is wanted"),
    ],
)
def test_what_shows_no_neuron_is_refused(stack: np.ndarray, text: str):
    with pytest.raises(NeuronsError, match=text):
        find_neurons(stack, PIXEL_UM, STEP_UM)
