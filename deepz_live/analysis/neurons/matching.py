"""Found neurons against known ones: which is which, and how many are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

WITHIN_UM = 3.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Pairs of one found and one known neuron.

    Attributes
    ----------
    found, known
        ``(M,)`` indices of the pairs.
    distance_um
        ``(M,)`` between them.
    recall, precision
        Shares of the known and of the found neurons that have a partner.
    """

    found: NDArray[np.intp]
    known: NDArray[np.intp]
    distance_um: Floats
    recall: float
    precision: float


def match(found_um: Floats, known_um: Floats, within_um: float = WITHIN_UM) -> Match:
    """As many pairs as possible nearer than ``within_um``, and of those the nearest in sum.

    Parameters
    ----------
    found_um, known_um
        ``(N, D)`` and ``(M, D)`` places.
    """
    if not len(found_um) or not len(known_um):
        none = np.empty(0, np.intp)
        return Match(none, none, np.empty(0), 0.0, 0.0)
    distance = cdist(found_um, known_um)
    # A pair too far costs more than all near ones together, so none is given up for a shorter sum.
    far = within_um * (min(distance.shape) + 1)
    return _pairs(distance, np.where(distance <= within_um, distance, far), within_um)


def nearest(found_um: Floats, known_um: Floats, within_um: float = WITHIN_UM) -> Match:
    """Pairs nearer than ``within_um`` of the least distance in sum; who is alone costs that much.

    Unlike :func:`match`, which counts as many as there can be, this leaves a found neuron with
    the known one in whose place it lies, even where another pairing would make one pair more: it
    tells whose trace a found neuron ought to have. The cost is that of the OSPA metric (D.
    Schuhmacher et al., IEEE Trans. Signal Process. 56, 3447, 2008).
    """
    if not len(found_um) or not len(known_um):
        return match(found_um, known_um, within_um)
    distance = cdist(found_um, known_um)
    return _pairs(distance, np.minimum(distance, within_um), within_um)


def trace_correlation(found: Floats, known: Floats) -> Floats:
    """``(N,)`` Pearson correlation over time of ``found`` and ``known`` ``(N, T)``, row by row.

    NaN where one of the two does not change.
    """
    a = found - found.mean(axis=1, keepdims=True)
    b = known - known.mean(axis=1, keepdims=True)
    norm = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.where(norm > 0, norm, np.nan))


def _pairs(distance: Floats, cost: Floats, within_um: float) -> Match:
    """The cheapest pairing of rows (found) and columns (known), less the pairs too far apart."""
    rows, columns = linear_sum_assignment(cost)
    near = distance[rows, columns] <= within_um
    rows, columns = rows[near], columns[near]
    return Match(
        rows,
        columns,
        distance[rows, columns],
        recall=len(rows) / distance.shape[1],
        precision=len(rows) / distance.shape[0],
    )
