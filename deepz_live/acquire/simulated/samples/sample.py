"""What a sample with an extent owes to the scene that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.density import Floats, Grid


@dataclass(frozen=True, eq=False)
class Neurons:
    """Some neurons and how their brightness follows the courses that all share.

    Attributes
    ----------
    names
        One for each, the same wherever the stage is.
    positions_um
        ``(N, 3)`` centres as (z, y, x) in the undrifted sample.
    radii_um
        ``(N,)`` of their nuclei.
    clusters
        The group each is active with; ``"silent"`` for none.
    loadings
        ``(N, K)``: brightness over time is ``loadings @ courses(t)``.
    """

    names: tuple[str, ...]
    positions_um: NDArray[np.float64]
    radii_um: NDArray[np.float64]
    clusters: tuple[str, ...]
    loadings: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.names)

    def pick(self, keep: NDArray[np.bool_]) -> Neurons:
        """Those where ``keep (N,)`` is true."""
        chosen = np.flatnonzero(keep)
        return Neurons(
            tuple(self.names[i] for i in chosen),
            self.positions_um[chosen],
            self.radii_um[chosen],
            tuple(self.clusters[i] for i in chosen),
            self.loadings[chosen],
        )


NO_NEURONS = Neurons((), np.empty((0, 3)), np.empty(0), (), np.empty((0, 3)))


class VolumeSample(Protocol):
    """A density in space, without end in y and x, as a sum of parts with courses in time."""

    @property
    def thickness_um(self) -> float:
        """All that glows is within half of this above and below z = 0."""

    @property
    def points(self) -> bool:
        """Its densities hold points shared linearly between voxels, not samples."""

    def densities(self, grid: Grid) -> Iterator[Floats]:
        """The parts ``(Z, Y, X)`` on a grid, one after another."""

    def reference(self, grid: Grid) -> Floats:
        """One typical structure of brightness 1 in the grid's middle: it defines ``photons``."""

    def weights(self, time_s: float) -> Floats:
        """``(K,)`` brightness of the parts at a time after the microscope was opened."""

    def neurons(self, low_um: tuple[float, float], high_um: tuple[float, float]) -> Neurons:
        """Neurons with ``low <= (y, x) < high``; none in most samples."""
