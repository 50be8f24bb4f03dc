"""Brightness of masks over time, changes, activity and likeness, against plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from deepz_live.analysis.neurons import NeuronsError, Reader
from deepz_live.analysis.neurons.similarity import active, shapes, similarity
from deepz_live.analysis.neurons.traces import changes, relative

RNG = np.random.default_rng(3)


def test_the_hundred_brightest_voxels_of_each_mask_count():
    labels = np.zeros((4, 20, 20), np.int32)
    labels[:2, :10] = 1
    labels[2:, 10:14] = 2
    labels[3, 18, 3:6] = 3
    stack = RNG.normal(100, 20, labels.shape).astype(np.float32)
    read = Reader(labels).read(stack)
    for number in (1, 2, 3):
        values = np.sort(stack[labels == number])[::-1][:100]
        assert read[number - 1] == pytest.approx(values.mean(dtype=np.float64))


def test_masks_and_stacks_of_other_shapes_and_missing_numbers_are_refused():
    labels = np.zeros((1, 4, 4), np.int32)
    labels[0, 0, 0] = 2
    with pytest.raises(NeuronsError, match="Mask 1 of 2 has no voxel"):
        Reader(labels)
    labels[0, 1, 1] = 1
    with pytest.raises(NeuronsError, match="same field and planes"):
        Reader(labels).read(np.ones((1, 5, 4)))


def test_changes_are_against_the_time_average_above_the_background():
    delta, f0 = changes(np.array([[110.0, 120.0, 130.0]]), background=100.0)
    np.testing.assert_allclose(f0, [20])
    np.testing.assert_allclose(delta, [[-10, 0, 10]])
    np.testing.assert_allclose(relative(delta, f0), [[-0.5, 0, 0.5]])
    assert np.isnan(relative(delta, np.array([0.0]))).all()


def test_active_are_those_that_vary_by_far_more():
    quiet, busy = RNG.normal(0, 0.02, (30, 60)), RNG.normal(0, 0.3, (12, 60))
    change = np.vstack([quiet, busy, np.full((1, 60), np.nan)])
    chosen, threshold = active(change)
    np.testing.assert_array_equal(np.flatnonzero(chosen), np.arange(30, 42))
    assert 0.03 < threshold < 0.25
    assert active(change, threshold=10.0)[0].sum() == 0


def test_similarity_is_equation_14():
    change = RNG.normal(0, 0.1, (8, 30))
    wanted = np.exp(-(squareform(pdist(change)) ** 2) / 1.5**2)
    np.testing.assert_allclose(similarity(change), wanted, atol=1e-12)
    with pytest.raises(NeuronsError, match="sigma = 0"):
        similarity(change, 0.0)
    with pytest.raises(NeuronsError, match="no number"):
        similarity(np.array([[np.nan, 1.0]]))


def test_shapes_are_as_far_apart_as_their_correlation_says_whatever_their_height():
    change = RNG.normal(0, 0.1, (8, 30))
    change -= change.mean(axis=1, keepdims=True)
    heights = RNG.uniform(0.1, 9.0, (8, 1))
    wanted = np.exp(-2 * (1 - np.corrcoef(change)) / 0.6**2)
    np.testing.assert_allclose(similarity(shapes(change * heights), 0.6), wanted, atol=1e-12)
    assert (shapes(np.zeros((2, 30))) == 0).all()
