"""Traces of several neurons side by side: evenly in time, for a picture, and their mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
COLUMNS = 600


def evenly(traces: Floats, times_s: Floats, columns: int = COLUMNS) -> Floats:
    """``(N, C)``: time averages of ``traces`` ``(N, T)`` in C stretches as long as each other.

    Between its frames a trace runs straight; a long recording is averaged, a gap filled. C is
    ``columns``, or the number of frames where they are fewer; a single frame stays as it is.

    Parameters
    ----------
    times_s
        ``(T,)``, ascending.
    """
    if len(times_s) < 2 or times_s[-1] <= times_s[0]:
        return traces[:, :1]
    edges = np.linspace(times_s[0], times_s[-1], min(columns, len(times_s)) + 1)
    steps = np.diff(times_s)
    areas = np.cumsum(0.5 * (traces[:, 1:] + traces[:, :-1]) * steps, axis=1)
    areas = np.hstack([np.zeros((len(traces), 1)), areas])
    # The area up to an edge: that up to the frame before it, and of the trapezium from there.
    before = np.clip(np.searchsorted(times_s, edges, side="right") - 1, 0, len(steps) - 1)
    share = (edges - times_s[before]) / np.where(steps > 0, steps, 1.0)[before]
    left = traces[:, before]
    right = left + share * (traces[:, before + 1] - left)
    upto = areas[:, before] + 0.5 * (left + right) * (edges - times_s[before])
    return np.asarray(np.diff(upto, axis=1) / np.diff(edges))


def mean_of(traces: Floats) -> Floats:
    """``(T,)`` mean of ``traces`` ``(N, T)``; those that are no numbers (F₀ ≤ 0) do not count."""
    told = traces[np.isfinite(traces).all(axis=1)]
    return np.asarray((told if len(told) else traces).mean(axis=0))


def spread(values: Floats) -> tuple[float, float]:
    """Levels between which nearly all ``values`` lie; never the same, and 0 … 1 of nothing."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = (float(level) for level in np.quantile(finite, (0.01, 0.99)))
    return (low, high) if high > low else (low - 0.5, low + 0.5)
