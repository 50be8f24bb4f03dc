"""Places of beads in a stack against Gaussian beads whose places are known."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.bead_places import against_truth, bead_places

PIXEL, Z_UM = 0.325, np.arange(-10.0, 10.5, 1.0)
KNOWN = np.array([[-7.3, 6.0, 7.0], [0.2, 12.1, 9.0], [5.6, 20.0, 21.3]])
"""(z, y, x) µm."""


@pytest.fixture(scope="module")
def stack() -> np.ndarray:
    y, x = np.mgrid[:96, :96] * PIXEL
    planes = np.full((len(Z_UM), 96, 96), 100.0)
    for z, row, column in KNOWN:
        spot = np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 0.3**2))
        planes += 500 * np.exp(-((Z_UM - z) ** 2) / (2 * 0.9**2))[:, None, None] * spot
    return planes


def test_beads_are_found_where_they_are_between_planes_too(stack: np.ndarray):
    found = bead_places(stack, Z_UM, 250.0, PIXEL)
    found = found[np.argsort(found[:, 0])]
    np.testing.assert_allclose(found[:, 0], KNOWN[:, 0], atol=0.15)
    np.testing.assert_allclose(found[:, 1:], KNOWN[:, 1:], atol=PIXEL)


def test_what_is_fainter_than_the_threshold_is_not_found(stack: np.ndarray):
    assert len(bead_places(stack, Z_UM, 700.0, PIXEL)) == 0
    assert bead_places(stack, Z_UM, 700.0, PIXEL).shape == (0, 3)


def test_a_place_counts_within_one_micrometre_sideways_and_two_along_z():
    moved = KNOWN + np.array([[1.9, 0.0, 0.0], [0.0, 1.4, 0.0], [0.0, 0.5, 0.5]])
    result = against_truth(moved, KNOWN, np.zeros(2), np.full(2, 31.0))
    assert result.seen.tolist() == result.right.tolist() == [True, False, True]
    np.testing.assert_allclose(result.error_um, [[1.9, 0, 0], [0, 0.5, 0.5]], atol=1e-12)


def test_errors_are_in_the_order_of_the_beads_that_were_found():
    shuffled = KNOWN[[2, 0, 1]] + np.array([[0.3, 0, 0], [0.1, 0, 0], [0.2, 0, 0]])
    result = against_truth(shuffled, KNOWN, np.zeros(2), np.full(2, 31.0))
    np.testing.assert_allclose(result.error_um[:, 0], [0.1, 0.2, 0.3])


def test_one_place_is_not_two_beads():
    twice = np.array([[0.0, 10.0, 10.0], [0.5, 10.2, 10.0]])
    result = against_truth(twice[:1], twice, np.zeros(2), np.full(2, 31.0))
    assert (result.seen.sum(), result.right.sum()) == (1, 1)


def test_only_what_lies_inside_is_counted_but_its_partner_may_lie_outside():
    known, found = np.array([[0.0, 2.9, 10.0]]), np.array([[0.0, 3.1, 10.0], [0.0, 1.0, 20.0]])
    result = against_truth(found, known, np.full(2, 3.0), np.full(2, 28.0))
    assert result.right.tolist() == [True]
    assert len(result.seen) == len(result.error_um) == 0
