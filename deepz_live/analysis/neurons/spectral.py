"""Groups of neurons by spectral clustering of their similarity (paper Eq. 15 to 17).

U. von Luxburg, Statistics and Computing 17, 395-416, 2007 (the paper's reference 57): the
generalised eigenproblem ``L v = λ D v`` (Shi and Malik), the eigen-gap heuristic for the number of
groups, k-means on the rows of the first k eigenvectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from deepz_live.analysis.neurons.errors import NeuronsError

Floats = NDArray[np.float64]
MOST = 10
"""The eigen-gap is looked for among so many groups."""
ALONE = 1e-6
"""A neuron whose similarities to all others add up to less is a group of nobody."""
UNGROUPED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Groups of neurons.

    Attributes
    ----------
    labels
        ``(N,)`` int: 1 … k, the largest group first; 0 for neurons like no other.
    k
        Number of groups.
    eigenvalues
        ``(M,)`` ascending, of the neurons that are like others.
    """

    labels: NDArray[np.int_]
    k: int
    eigenvalues: Floats


def spectral_clusters(
    similarity: Floats, k: int | None = None, *, most: int = MOST, seed: int = 0
) -> Clusters:
    """Group neurons by ``similarity`` ``(N, N)`` (Eq. 14).

    Parameters
    ----------
    k
        Number of groups; None: by the eigen-gap, at most ``most``.
    seed
        Of k-means, which starts from ten random choices.

    Raises
    ------
    NeuronsError
        Fewer than two neurons are like one another, or fewer than ``k``.
    """
    weights = weight_matrix(similarity)
    alike = np.flatnonzero(weights.sum(axis=1) > ALONE)
    if len(alike) < max(2, k or 0):
        raise NeuronsError(
            f"{len(alike)} of {len(weights)} neurons are like any other, too few to be grouped; "
            "a larger sigma makes traces more alike, a lower activity threshold lets in more."
        )
    values, vectors = eigenvectors(weights[np.ix_(alike, alike)])
    groups = k if k is not None else eigen_gap(values, most)
    found = KMeans(groups, n_init=10, random_state=seed).fit_predict(vectors[:, :groups])
    labels = np.full(len(weights), UNGROUPED)
    labels[alike] = _by_size(found)
    return Clusters(labels, groups, values)


def weight_matrix(similarity: Floats) -> Floats:
    """``W``: the similarity without its diagonal (Eq. 16)."""
    weights = np.array(similarity, np.float64)
    np.fill_diagonal(weights, 0.0)
    return weights


def laplacian(weights: Floats) -> tuple[Floats, Floats]:
    """``L = D - W`` and ``D`` ``(N, N)`` of weights ``(N, N)`` (Eq. 15, 17)."""
    degrees = np.diag(weights.sum(axis=1))
    return degrees - weights, degrees


def eigenvectors(weights: Floats) -> tuple[Floats, Floats]:
    """All of ``L v = λ D v``, ascending: values ``(N,)``, and vectors in columns ``(N, N)``.

    Every neuron must have a weight to another.
    """
    values, vectors = scipy.linalg.eigh(*laplacian(weights))
    return np.asarray(values), np.asarray(vectors)


def eigen_gap(values: Floats, most: int = MOST) -> int:
    """How many of the ascending ``values`` come before the largest jump, 1 … ``most``."""
    jumps = np.diff(values[: most + 1])
    return int(np.argmax(jumps)) + 1 if len(jumps) else 1


def _by_size(found: NDArray[np.int_]) -> NDArray[np.int_]:
    """Groups renumbered from 1, the largest first; of equal ones the one that begins first."""
    names, first, counts = np.unique(found, return_index=True, return_counts=True)
    order = sorted(range(len(names)), key=lambda i: (-counts[i], first[i]))
    rank = {int(names[i]): place + 1 for place, i in enumerate(order)}
    return np.array([rank[int(name)] for name in found])
