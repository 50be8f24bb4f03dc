"""Thin curved fibres in a slab, like microtubules."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.density import Floats, Grid, Points, add_points
from deepz_live.acquire.simulated.samples.sample import NO_NEURONS, Neurons
from deepz_live.acquire.simulated.samples.tiles import tile_rng, tiles_within
from deepz_live.config import Specimen

TILE_UM = 64.0
LENGTH_UM = 200.0
FADE_UM = 20.0
STEP_UM = 0.06
LENGTH_PER_AREA = 0.35
"""µm of fibre a µm² of the sample, at density 1."""
_WAVES = 4
_KIND = 2


class Filaments:
    """Fibres of 200 µm that wind through the slab and fade at their ends.

    Direction and height along a fibre are sums of slow sines: it is smooth, without end in the
    plane, and stays within the slab.
    """

    points = True

    def __init__(self, specimen: Specimen) -> None:
        self._seed = specimen.seed
        self.thickness_um = specimen.thickness_um
        self._mean = specimen.density * LENGTH_PER_AREA * TILE_UM**2 / LENGTH_UM

    def densities(self, grid: Grid) -> Iterator[Floats]:
        density = grid.empty()
        reach = LENGTH_UM / 2
        for row, column in tiles_within(grid.low_um, grid.high_um, reach, TILE_UM):
            points, weights = self._draw(row, column)
            add_points(density, grid, points, weights)
        yield density

    def reference(self, grid: Grid) -> Floats:
        """A straight fibre along x, at z = 0, from edge to edge."""
        density = grid.empty()
        x = np.arange(grid.origin_um[2], grid.high_um[1], STEP_UM)
        add_points(density, grid, np.column_stack([0 * x, 0 * x, x]), np.full(len(x), STEP_UM))
        return density

    def weights(self, time_s: float) -> Floats:  # noqa: ARG002
        return np.ones(1, np.float32)

    def neurons(self, low_um: tuple[float, float], high_um: tuple[float, float]) -> Neurons:  # noqa: ARG002
        return NO_NEURONS

    def _draw(self, row: int, column: int) -> tuple[Points, Points]:
        rng = tile_rng(self._seed, row, column, _KIND)
        fibres = [self._fibre(rng, row, column) for _ in range(rng.poisson(self._mean))]
        if not fibres:
            return np.empty((0, 3)), np.empty(0)
        points, weights = zip(*fibres, strict=True)
        return np.concatenate(points), np.concatenate(weights)

    def _fibre(self, rng: np.random.Generator, row: int, column: int) -> tuple[Points, Points]:
        along = np.arange(-LENGTH_UM / 2, LENGTH_UM / 2, STEP_UM)
        angle = rng.uniform(0, 2 * np.pi) + _sines(rng, along, (40.0, 160.0), 0.45)
        half = self.thickness_um / 2
        height = rng.uniform(-0.6, 0.6) * half + 0.4 * half * np.clip(
            _sines(rng, along, (25.0, 90.0), 0.5), -1, 1
        )
        middle = (rng.uniform(-0.5, 0.5, 2) + [row, column]) * TILE_UM
        y, x = (
            _path(part, place)
            for part, place in zip((np.sin(angle), np.cos(angle)), middle, strict=True)
        )
        grain = 1 + 0.15 * _sines(rng, along, (0.6, 4.0), 0.7)
        bright = np.clip(rng.normal(1.0, 0.15), 0.6, 1.4) * np.maximum(grain, 0.2)
        fade = np.clip((LENGTH_UM / 2 - np.abs(along)) / FADE_UM, 0, 1)
        return np.column_stack([height, y, x]), bright * fade * STEP_UM


def _sines(
    rng: np.random.Generator, along: Points, periods: tuple[float, float], size: float
) -> NDArray[np.float64]:
    total = np.zeros_like(along)
    for _ in range(_WAVES):
        period, phase = rng.uniform(*periods), rng.uniform(0, 2 * np.pi)
        total += rng.normal(0, size) * np.sin(2 * np.pi * along / period + phase)
    return total


def _path(slope: Points, middle: float) -> Points:
    """The integral of ``slope`` that is at ``middle`` halfway."""
    path = np.cumsum(slope) * STEP_UM
    return np.asarray(path - path[len(path) // 2] + middle)
