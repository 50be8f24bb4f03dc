"""Spectral clustering against scikit-learn's, scipy's eigenvalues and known groups."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from sklearn.cluster import SpectralClustering
from sklearn.manifold import spectral_embedding
from sklearn.metrics import adjusted_rand_score

from deepz_live.analysis.neurons import NeuronsError, activity, match, nearest, spectral_clusters
from deepz_live.analysis.neurons.matching import trace_correlation
from deepz_live.analysis.neurons.similarity import similarity
from deepz_live.analysis.neurons.spectral import (
    eigen_gap,
    eigenvectors,
    laplacian,
    weight_matrix,
)

TIMES = np.linspace(0, 35, 126)
SIZES = (20, 14, 9)


def courses() -> np.ndarray:
    return np.stack([np.sin(TIMES / 3), -np.sin(TIMES / 3), np.sign(np.sin(TIMES / 1.7))])


def traces(noise: float = 0.03, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """ΔF / F₀ ``(N, T)`` of three groups, shuffled, and the group of each."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(3), SIZES))
    gain = rng.uniform(0.3, 0.45, (len(groups), 1))
    return gain * courses()[groups] + rng.normal(0, noise, (len(groups), len(TIMES))), groups


def test_groups_are_found_with_their_number_the_largest_first():
    change, groups = traces()
    found = spectral_clusters(similarity(change))
    assert found.k == 3
    assert adjusted_rand_score(groups, found.labels) == 1
    assert np.bincount(found.labels)[1:].tolist() == sorted(SIZES, reverse=True)


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_those_of_scikit_learn(seed: int):
    change, _ = traces(noise=0.12, seed=seed)
    alike = similarity(change)
    ours = spectral_clusters(alike, 3).labels
    theirs = SpectralClustering(3, affinity="precomputed", random_state=0).fit_predict(
        weight_matrix(alike)
    )
    assert adjusted_rand_score(ours, theirs) == 1


def test_eigenvectors_span_scikit_learns_embedding():
    weights = weight_matrix(similarity(traces(noise=0.15)[0]))
    _, vectors = eigenvectors(weights)
    theirs = spectral_embedding(weights, n_components=3, drop_first=False, random_state=0)
    angles = scipy.linalg.subspace_angles(vectors[:, :3], theirs)
    assert angles.max() < 1e-4


def test_eigenvalues_are_those_of_the_normalised_laplacian():
    weights = weight_matrix(similarity(traces(noise=0.15)[0]))
    matrix, degrees = laplacian(weights)
    assert np.abs(matrix.sum(axis=1)).max() < 1e-9
    root = np.diag(1 / np.sqrt(np.diag(degrees)))
    wanted = np.linalg.eigvalsh(root @ matrix @ root)
    np.testing.assert_allclose(eigenvectors(weights)[0], wanted, atol=1e-9)


def test_the_gap_is_where_eigenvalues_jump():
    assert eigen_gap(np.array([0, 0.01, 0.02, 0.6, 0.8, 0.9])) == 3
    assert eigen_gap(np.array([0, 0.5, 0.6])) == 1
    assert eigen_gap(np.array([0.0, 0.1, 0.15, 5.0]), most=2) == 1


def test_a_neuron_like_no_other_is_in_no_group():
    change, groups = traces()
    alone = np.vstack([change, 5 * np.cos(TIMES)[None]])
    found = spectral_clusters(similarity(alone))
    assert found.k == 3
    assert found.labels[-1] == 0
    assert adjusted_rand_score(groups, found.labels[:-1]) == 1


def test_too_few_alike_are_refused():
    with pytest.raises(NeuronsError, match="0 of 3 neurons are like any other"):
        spectral_clusters(np.eye(3))
    with pytest.raises(NeuronsError, match=r"4 of 4 neurons .* too few"):
        spectral_clusters(np.full((4, 4), 0.9), 5)


def test_the_whole_chain_tells_active_from_quiet_and_groups_them():
    change, groups = traces()
    quiet = np.random.default_rng(9).normal(0, 0.03, (25, len(TIMES)))
    intensity = 100 + 500 * (1 + np.vstack([quiet, change]))
    found = activity(intensity, background=100.0)
    np.testing.assert_array_equal(np.flatnonzero(found.active), np.arange(25, 25 + len(groups)))
    assert found.k == 3
    assert (found.cluster[:25] == 0).all()
    assert adjusted_rand_score(groups, found.cluster[25:]) == 1
    np.testing.assert_allclose(found.f0, 500, rtol=0.1)


def test_groups_are_of_courses_and_only_as_measured_of_heights():
    change, groups = traces()
    heights = np.random.default_rng(4).choice([0.4, 3.0], (len(change), 1))
    intensity = 500 * (1 + change * heights)
    found = activity(intensity, threshold=0.0)
    assert found.k == 3
    assert adjusted_rand_score(groups, found.cluster) == 1
    high = activity(intensity, threshold=0.0, as_measured=True)
    assert adjusted_rand_score(groups, high.cluster) < 0.9
    np.testing.assert_allclose(high.similarity, similarity(high.relative[high.active]))


def test_silence_has_no_groups_and_a_single_frame_no_activity():
    found = activity(np.full((5, 10), 200.0), 100.0)
    assert (found.k, int(found.active.sum())) == (0, 0)
    with pytest.raises(NeuronsError, match="at least two"):
        activity(np.ones((5, 1)))


def test_matching_makes_as_many_near_pairs_as_there_can_be():
    # The nearest partner of the first known one is the only partner of the second.
    known = np.array([[0.0, 0, 0], [0, 0, 2.0], [0, 0, 50.0]])
    found = np.array([[0.0, 0, 0.9], [0, 0, -2.5], [0, 30.0, 0], [0, 0, 60.0]])
    pairs = match(found, known)
    assert dict(zip(pairs.known, pairs.found, strict=True)) == {0: 1, 1: 0}
    assert pairs.recall == pytest.approx(2 / 3)
    assert pairs.precision == pytest.approx(2 / 4)
    assert match(np.empty((0, 3)), known).recall == 0


def test_the_nearest_keeps_who_lies_in_its_place():
    """One found on its place, one 2.9 µm away from it, and a second known one out of reach."""
    known = np.array([[0.0, 0, 0], [0, 0, 2.8]])
    found = np.array([[0.0, 0, 0.1], [0, 0, -2.8]])
    assert len(match(found, known).found) == 2
    pairs = nearest(found, known)
    assert dict(zip(pairs.known, pairs.found, strict=True)) == {0: 0}
    assert (pairs.recall, pairs.precision) == (0.5, 0.5)
    assert nearest(found, np.empty((0, 3))).precision == 0


def test_correlation_is_numpys_and_nan_without_change():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 4, 50))
    wanted = [np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(trace_correlation(a, b), wanted)
    assert np.isnan(trace_correlation(a, np.ones_like(b))).all()
