"""Courses in time of neurons: what all of them share, and who follows which."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CLUSTERS: dict[str, tuple[float, float, float]] = {
    "forward": (0.25, 0.75, 0.0),
    "backward": (1.0, -0.75, 0.0),
    "turning": (0.25, 0.0, 0.75),
    "silent": (0.4, 0.0, 0.0),
}
"""Mean loadings on (1, first course, second course): the first two are anticorrelated."""
SHARES = (0.3, 0.25, 0.2, 0.25)
_SCATTER = 0.06
_PERIODS_S = ((12.0, 40.0), (5.0, 15.0))
_WAVES = 5
_STEEPNESS = 1.6


class Courses:
    """Two slow seeded courses between 0 and 1, like switching between states of behaviour."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([abs(seed), int(seed < 0), 31])
        self._periods = np.array([rng.uniform(*span, _WAVES) for span in _PERIODS_S])
        self._phases = rng.uniform(0, 2 * np.pi, (len(_PERIODS_S), _WAVES))

    def __call__(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(3, T)``: 1 and the two courses, at times after the microscope was opened."""
        angle = 2 * np.pi * np.asarray(times_s)[None, None, :] / self._periods[..., None]
        waves = np.sin(angle + self._phases[..., None]).sum(axis=1)
        courses = 0.5 + 0.5 * np.tanh(_STEEPNESS * waves)
        return np.vstack([np.ones(courses.shape[1]), courses])


def draw_loadings(
    rng: np.random.Generator, count: int
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Clusters ``(N,)`` and loadings ``(N, 3)`` of neurons, each with its own deviation.

    Loadings are such that no brightness ever falls below 0.05.
    """
    names = list(CLUSTERS)
    chosen = rng.choice(len(names), size=count, p=SHARES)
    means = np.array([CLUSTERS[name] for name in names])
    loadings = means[chosen] + rng.normal(0, _SCATTER, (count, 3)) * (means[chosen] != 0)
    lowest = loadings[:, 0] + np.minimum(loadings[:, 1:], 0).sum(axis=1)
    loadings[:, 0] += np.maximum(0.05 - lowest, 0)
    return tuple(names[i] for i in chosen), loadings
