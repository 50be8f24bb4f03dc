"""From brightness over time to active neurons and their groups: the paper's chain in one call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.neurons.belonging import chosen_silhouette, silhouettes, sure
from deepz_live.analysis.neurons.errors import NeuronsError
from deepz_live.analysis.neurons.similarity import active, chosen_sigma, shapes, similarity
from deepz_live.analysis.neurons.spectral import UNGROUPED, Clusters, spectral_clusters
from deepz_live.analysis.neurons.traces import changes, relative

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """What neurons do over time.

    Attributes
    ----------
    delta_f, relative
        ``(N, T)`` ΔF in counts, and ΔF / F₀ (NaN where F₀ is not above zero).
    f0
        ``(N,)`` time average above background, counts.
    deviation
        ``(N,)`` standard deviation of ΔF / F₀ over time.
    threshold
        ``deviation`` above which a neuron counts as active.
    active
        ``(N,)``.
    cluster
        ``(N,)`` int: 1 … k; 0 for neurons that are not active, like no other, or between groups.
    silhouette
        ``(N,)`` how surely an active neuron belongs to the group it is nearest to, 1 at most; NaN
        for the others.
    similarity
        ``(M, M)`` of the active neurons (Eq. 14), in their order.
    k, eigenvalues
        Number of groups and what it was read from; ``k`` is 0 where too few neurons are active.
    """

    delta_f: Floats
    relative: Floats
    f0: Floats
    deviation: Floats
    threshold: float
    active: NDArray[np.bool_]
    cluster: NDArray[np.int_]
    silhouette: Floats
    similarity: Floats
    k: int
    eigenvalues: Floats


def activity(
    intensity: Floats,
    background: float = 0.0,
    *,
    threshold: float | None = None,
    as_measured: bool = False,
    sigma: float | None = None,
    k: int | None = None,
    least_silhouette: float | None = None,
) -> Activity:
    """Activity and groups of neurons of ``intensity`` ``(N, T)``.

    Active are neurons whose ΔF / F₀ varies enough. (The paper thresholds the deviation of ΔF; a
    bright neuron at rest then counts before a dim active one.)

    Parameters
    ----------
    background
        What a voxel without fluorescence reads, in the unit of ``intensity``.
    threshold
        Least standard deviation of ΔF / F₀ of an active neuron; None: found from all of them.
    as_measured
        Compare ΔF / F₀ as high as it was measured, as in the paper; else only its course over time
        (:func:`~deepz_live.analysis.neurons.similarity.shapes`).
    sigma
        Of Eq. 14; None: :func:`~deepz_live.analysis.neurons.similarity.chosen_sigma`.
    k
        Number of groups, None: by the eigen-gap.
    least_silhouette
        Neurons below it stay in no group; None:
        :func:`~deepz_live.analysis.neurons.belonging.chosen_silhouette`.

    Raises
    ------
    NeuronsError
        Not ``(N, T)`` with two frames or more, ``sigma`` not above 0, more groups than neurons.
    """
    if intensity.ndim != 2 or intensity.shape[1] < 2:
        raise NeuronsError(
            f"Traces of shape {intensity.shape} were given; (neurons, frames) with at least two "
            "frames are wanted."
        )
    delta_f, f0 = changes(intensity, background)
    change = relative(delta_f, f0)
    chosen, limit = active(change, threshold)
    compared = change[chosen] if as_measured else shapes(change[chosen])
    alike = similarity(compared, chosen_sigma(sigma, as_measured=as_measured))
    groups = _groups(alike, k)
    cluster = np.full(len(intensity), UNGROUPED)
    silhouette = np.full(len(intensity), np.nan)
    if groups is not None:
        silhouette[chosen] = own = silhouettes(compared, groups.labels)
        least = chosen_silhouette(least_silhouette, as_measured=as_measured)
        cluster[chosen] = sure(groups.labels, own, least)
    return Activity(
        delta_f=delta_f,
        relative=change,
        f0=f0,
        deviation=np.std(change, axis=1),
        threshold=limit,
        active=chosen,
        cluster=cluster,
        silhouette=silhouette,
        similarity=alike,
        k=groups.k if groups is not None else 0,
        eigenvalues=groups.eigenvalues if groups is not None else np.empty(0),
    )


def _groups(alike: Floats, k: int | None) -> Clusters | None:
    """None where nobody asked for a number of groups and too few neurons are alike."""
    if k is None and (len(alike) < 2 or (alike - np.eye(len(alike))).max() < 1e-5):
        return None
    return spectral_clusters(alike, k)
