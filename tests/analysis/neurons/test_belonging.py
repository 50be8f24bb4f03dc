"""Neurons between two groups, such as read the light of two cells, are in none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from deepz_live.analysis.neurons import activity
from deepz_live.analysis.neurons.belonging import SURE, silhouettes, sure

TIMES = np.linspace(0, 35, 126)
COURSES = np.stack([np.sin(TIMES / 3), np.sin(TIMES / 1.7)])


def recorded(mixed: int) -> tuple[np.ndarray, np.ndarray]:
    """Brightness of 24 neurons in two groups, and of some that show half of each."""
    rng = np.random.default_rng(3)
    groups = np.repeat([0, 1], 12)
    shares = np.vstack([np.eye(2)[groups], np.full((mixed, 2), 0.5)])
    noise = rng.normal(0, 0.03, (len(shares), len(TIMES)))
    return 500 * (1 + 0.4 * shares @ COURSES + noise), groups


def test_who_lies_between_two_groups_is_in_none():
    intensity, groups = recorded(mixed=3)
    found = activity(intensity, threshold=0.05, k=2)
    assert adjusted_rand_score(groups, found.cluster[:24]) == 1
    assert (found.cluster[24:] == 0).all()
    assert (found.silhouette[:24] > 0.8).all()
    assert (found.silhouette[24:] < SURE).all()
    assert found.k == 2


@pytest.mark.parametrize("how", [{"least_silhouette": -1.0}, {"as_measured": True}])
def test_all_are_grouped_where_that_is_asked_for(how):
    intensity, _ = recorded(mixed=3)
    found = activity(intensity, threshold=0.05, k=2, **how)
    assert (found.cluster > 0).all()


def test_silhouettes_are_scikit_learns_and_none_of_the_ungrouped():
    rng = np.random.default_rng(0)
    compared, labels = rng.normal(size=(9, 5)), np.array([1, 1, 2, 2, 2, 0, 3, 3, 0])
    found = silhouettes(compared, labels)
    inside = labels > 0
    wanted = silhouette_score(compared[inside], labels[inside], metric="sqeuclidean")
    assert found[inside].mean() == pytest.approx(wanted)
    assert np.isnan(found[~inside]).all()


def test_one_group_has_no_silhouettes_and_stays():
    labels = np.array([1, 1, 1, 0])
    found = silhouettes(np.eye(4), labels)
    assert np.isnan(found).all()
    np.testing.assert_array_equal(sure(labels, found, SURE), labels)


def test_a_group_that_is_loose_as_a_whole_stays():
    labels = np.array([1, 1, 2, 2, 0])
    silhouette = np.array([0.9, 0.2, 0.3, 0.1, np.nan])
    np.testing.assert_array_equal(sure(labels, silhouette, SURE), [1, 0, 2, 2, 0])
