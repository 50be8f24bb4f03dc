"""Which neurons are active, and how alike two of them are over time (paper Eq. 14)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.neurons.errors import NeuronsError

SIGMA = 1.5
"""Width of the neighbourhood in Eq. 14 (paper)."""
SHAPE_SIGMA = 0.6
"""The same for traces of length 1, where it stands for a correlation of 0.82. On three worms of the
built-in microscope (seeds 931 to 933), in 3D and in raw frames, the eigen-gap was widest there."""
Floats = NDArray[np.float64]


def active(change: Floats, threshold: float | None = None) -> tuple[NDArray[np.bool_], float]:
    """Neurons whose ``change`` ``(N, T)`` varies more over time than ``threshold``.

    The paper thresholds the standard deviation and does not say where. Without a ``threshold`` it
    is Otsu's (1979) of the logarithms: deviations differ by factors, and most of them belong to the
    quiet or to the active.

    Returns
    -------
    ``(N,)`` and the threshold, in the unit of ``change``. A change that is not finite is none.
    """
    deviation = np.std(change, axis=1)
    usable = np.isfinite(deviation) & (deviation > 0)
    if threshold is None:
        values = np.log(deviation[usable])
        if len(values) < 2 or np.ptp(values) == 0:
            return usable, 0.0
        threshold = float(np.exp(_otsu(np.sort(values))))
    return usable & (np.where(usable, deviation, 0.0) > threshold), threshold


def chosen_sigma(sigma: float | None, *, as_measured: bool) -> float:
    """``sigma``; None: the paper's for ΔF / F₀ as measured, or that of traces of length 1."""
    if sigma is not None:
        return sigma
    return SIGMA if as_measured else SHAPE_SIGMA


def shapes(change: Floats) -> Floats:
    """Traces ``(N, T)`` of length 1: what is left is when a neuron acts, not how strongly.

    How high ΔF / F₀ rises depends on the light of others that adds to F₀ and on how much dye a
    cell holds. The squared distance of two such traces is ``2 (1 - r)``, r their correlation where
    both average 0, however long the recording is. One that does not change stays 0.
    """
    length = np.linalg.norm(change, axis=1, keepdims=True)
    return np.asarray(change / np.where(length > 0, length, 1.0))


def similarity(change: Floats, sigma: float = SIGMA) -> Floats:
    """``S_ij = exp(-||x_i - x_j||² / sigma²)`` of ``x = ΔF / F₀`` ``(N, T)`` (paper Eq. 14).

    The norm sums over all frames, as in the paper, so ``sigma`` belongs to the length of the
    recording: ten times as many frames of the same animal make ten times the squared distance.

    Returns
    -------
    ``(N, N)``, symmetric, 1 on the diagonal.

    Raises
    ------
    NeuronsError
        A value is not finite, or ``sigma`` is not above zero.
    """
    if not np.isfinite(change).all():
        raise NeuronsError("A trace holds values that are no number; leave that neuron out.")
    if not sigma > 0:
        raise NeuronsError(f"sigma = {sigma:g} makes no similarity; give a number above 0.")
    squares = (change**2).sum(axis=1)
    distance = squares[:, None] + squares[None, :] - 2 * change @ change.T
    np.fill_diagonal(distance, 0.0)
    return np.asarray(np.exp(-np.maximum(distance, 0.0) / sigma**2))


def _otsu(values: Floats) -> float:
    """The split of ascending ``values`` ``(N,)`` whose two classes differ most: half-way between.

    Of the values themselves, not of a histogram: with so few of them, bins would decide.
    """
    below = np.arange(1, len(values))
    sums = np.cumsum(values)[:-1]
    low, high = sums / below, (values.sum() - sums) / (len(values) - below)
    best = int(np.argmax(below * (len(values) - below) * (high - low) ** 2))
    return float(values[best] + values[best + 1]) / 2
