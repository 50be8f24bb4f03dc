"""Neurons found in a rehearsal against those that were there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from deepz_live.analysis.neurons import Match, match, nearest, trace_correlation
from deepz_live.analysis.neurons.spectral import UNGROUPED
from deepz_live.app.analyze.neuron_files import Finding
from deepz_live.app.analyze.rehearsal import Known

CLOSE_UM = 1.5


def scores(found: Finding, known: Known) -> dict[str, Any]:
    """What was found against what was there.

    Pairs are within 3 µm, in 3D where the depth of the found is known, else sideways. Recall and
    precision count as many as there can be; traces and groups are compared with the known neuron
    in whose place one was found (:func:`~deepz_live.analysis.neurons.nearest`).

    Returns
    -------
    ``found``, ``active``, ``k``; ``sideways`` and, where depth is known, ``in_3d`` with recall and
    precision; ``matched_active``: pairs of a neuron that is active in truth, and over them
    ``median_correlation`` of ΔF with the true trace; ``found_active``: so many of them were found
    active, ``grouped``: and are in a group. ``rand_index``: adjusted Rand index of the groups over
    the grouped, with ``_close`` within 1.5 µm alone, with ``_ungrouped`` over all found active,
    where those in no group are one of their own, with ``_with_silent`` over all pairs in a group;
    ``_most_pairs`` with the pairs of recall and precision.
    """
    sideways = match(found.positions_um[:, 1:], known.positions_um[:, 1:])
    facts: dict[str, Any] = {
        "found": len(found),
        "active": int(found.activity.active.sum()),
        "k": found.activity.k,
        "sideways": {"recall": sideways.recall, "precision": sideways.precision},
    }
    most, pairs = sideways, nearest(found.positions_um[:, 1:], known.positions_um[:, 1:])
    if np.isfinite(found.positions_um).all():
        most = match(found.positions_um, known.positions_um)
        pairs = nearest(found.positions_um, known.positions_um)
        facts["in_3d"] = {"recall": most.recall, "precision": most.precision}
        facts["median_distance_um"] = _over(np.median, pairs.distance_um)
    groups = np.array(known.clusters)[pairs.known]
    truly, seen = groups != "silent", found.activity.active[pairs.found]
    correlation = trace_correlation(
        found.activity.delta_f[pairs.found][truly], known.traces[pairs.known][truly]
    )
    labels = found.activity.cluster[pairs.found]
    close, grouped = pairs.distance_um < CLOSE_UM, labels != UNGROUPED
    facts |= {
        "matched": len(groups),
        "matched_active": int(truly.sum()),
        "median_correlation": _over(np.median, correlation),
        "correlation_above_0.8": _over(np.mean, correlation > 0.8),
        "found_active": int((truly & seen).sum()),
        "grouped": int((truly & grouped).sum()),
        "rand_index": _rand(groups, labels, truly & grouped),
        "rand_index_close": _rand(groups, labels, truly & grouped & close),
        "rand_index_ungrouped": _rand(groups, labels, truly & seen),
        "rand_index_with_silent": _rand(groups, labels, grouped),
        "rand_index_most_pairs": _rand_of(most, found, known),
    }
    return facts


def _rand_of(pairs: Match, found: Finding, known: Known) -> float | None:
    """Over the pairs that are active in truth and in a group."""
    groups, labels = np.array(known.clusters)[pairs.known], found.activity.cluster[pairs.found]
    return _rand(groups, labels, (groups != "silent") & (labels != UNGROUPED))


def _rand(
    groups: NDArray[np.str_], labels: NDArray[np.int_], chosen: NDArray[np.bool_]
) -> float | None:
    """Adjusted Rand index of the chosen; None where there is nothing to compare."""
    if chosen.sum() < 2:
        return None
    return float(adjusted_rand_score(groups[chosen], labels[chosen]))


def _over(mean: Callable[[NDArray[Any]], Any], values: NDArray[Any]) -> float | None:
    """None of nothing."""
    return float(mean(values)) if len(values) else None
