"""How surely a neuron belongs to its group, and which ones lie between two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import silhouette_samples

from deepz_live.analysis.neurons.spectral import UNGROUPED

SURE = 0.5
"""Silhouettes above this speak for a reasonable structure (Kaufman & Rousseeuw 1990)."""
Floats = NDArray[np.float64]
Labels = NDArray[np.int_]


def chosen_silhouette(least: float | None, *, as_measured: bool) -> float:
    """``least``; None: -1, which is that of nobody, for ΔF / F₀ as measured, or 0.5 of courses."""
    if least is not None:
        return least
    return -1.0 if as_measured else SURE


def silhouettes(compared: Floats, labels: Labels) -> Floats:
    """``(N,)`` silhouettes of traces ``compared`` ``(N, T)`` in their groups ``labels`` ``(N,)``.

    1: like its own group and no other; 0: as like the next one. P. J. Rousseeuw, J. Comput. Appl.
    Math. 20, 53, 1987, with the squared distance of Eq. 14. NaN in no group, and for all where
    there are not two groups.
    """
    found = np.full(len(labels), np.nan)
    inside = np.flatnonzero(labels != UNGROUPED)
    if 2 <= len(np.unique(labels[inside])) < len(inside):
        found[inside] = silhouette_samples(compared[inside], labels[inside], metric="sqeuclidean")
    return found


def sure(labels: Labels, silhouette: Floats, least: float) -> Labels:
    """``labels`` without the neurons whose ``silhouette`` is below ``least``.

    A cell that is read at a wrong depth or through another has a mixed trace, which lies between
    groups. A group of which nobody would be left stays as it is: it is loose as a whole.
    """
    kept = labels.copy()
    for group in np.unique(labels[labels != UNGROUPED]):
        members = np.flatnonzero(labels == group)
        doubtful = members[silhouette[members] < least]
        if len(doubtful) < len(members):
            kept[doubtful] = UNGROUPED
    return kept
