"""Cells side by side, full of short tubes, like mitochondria: a dense texture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.density import Floats, Grid, Points, add_points
from deepz_live.acquire.simulated.samples.sample import NO_NEURONS, Neurons
from deepz_live.acquire.simulated.samples.tiles import tile_rng, tiles_within
from deepz_live.config import Specimen

CELL_UM = 28.0
TUBES = 90
"""Tubes a cell, at density 1."""
TUBE_RADIUS_UM = 0.28
NUCLEUS_UM = 6.5
"""Tubes keep this far from a cell's middle."""
_LONGEST_UM = 14.0
_SPREAD_UM = 13.0
_STEP_UM = 0.1
_POINTS = 4
_KIND = 3


class Mitochondria:
    """A cell every 28 µm, its tubes around an empty nucleus and denser close to it."""

    points = True

    def __init__(self, specimen: Specimen) -> None:
        self._seed = specimen.seed
        self.thickness_um = specimen.thickness_um
        self._count = TUBES * specimen.density

    def densities(self, grid: Grid) -> Iterator[Floats]:
        density = grid.empty()
        reach = NUCLEUS_UM + _SPREAD_UM + _LONGEST_UM / 2
        for row, column in tiles_within(grid.low_um, grid.high_um, reach, CELL_UM):
            rng = tile_rng(self._seed, row, column, _KIND)
            add_points(density, grid, *self._cell(rng, row, column))
        yield density

    def reference(self, grid: Grid) -> Floats:
        """A straight tube along x, at z = 0, from edge to edge."""
        density = grid.empty()
        x = np.arange(grid.origin_um[2], grid.high_um[1], _STEP_UM)
        line = np.column_stack([0 * x, 0 * x, x])
        rng = np.random.default_rng(0)
        add_points(density, grid, *_thick(rng, line, np.full(len(x), 1.0), 8 * _POINTS))
        return density

    def weights(self, time_s: float) -> Floats:  # noqa: ARG002
        return np.ones(1, np.float32)

    def neurons(self, low_um: tuple[float, float], high_um: tuple[float, float]) -> Neurons:  # noqa: ARG002
        return NO_NEURONS

    def _cell(self, rng: np.random.Generator, row: int, column: int) -> tuple[Points, Points]:
        count = int(rng.poisson(self._count))
        centre = (np.array([row, column]) + rng.uniform(-0.15, 0.15, 2)) * CELL_UM
        along = np.arange(-_LONGEST_UM / 2, _LONGEST_UM / 2, _STEP_UM)
        away = NUCLEUS_UM + _SPREAD_UM * rng.uniform(0, 1, count) ** 1.5
        around = rng.uniform(0, 2 * np.pi, count)
        angle = rng.uniform(0, 2 * np.pi, (count, 1)) + _bends(rng, along, count)
        y = _path(np.sin(angle), centre[0] + away * np.sin(around))
        x = _path(np.cos(angle), centre[1] + away * np.cos(around))
        room = self.thickness_um / 2 - TUBE_RADIUS_UM
        z = rng.uniform(-1, 1, (count, 1)) * room + _bends(rng, along, count)
        half = rng.uniform(1.5, _LONGEST_UM / 2, (count, 1))
        bright = np.clip(rng.normal(1.0, 0.2, (count, 1)), 0.5, 1.5)
        inside = np.hypot(y - centre[0], x - centre[1]) > NUCLEUS_UM - 1
        keep = ((np.abs(along) < half) & inside).ravel()
        places = np.column_stack([np.clip(z, -room, room).ravel(), y.ravel(), x.ravel()])[keep]
        return _thick(rng, places, np.broadcast_to(bright, y.shape).ravel()[keep], _POINTS)


def _thick(
    rng: np.random.Generator, line: Points, bright: Points, count: int
) -> tuple[Points, Points]:
    """``count`` points in a ball around each point of a line; the light stays the same."""
    direction = rng.normal(size=(len(line), count, 3))
    direction /= np.linalg.norm(direction, axis=2, keepdims=True)
    size = TUBE_RADIUS_UM * rng.uniform(size=(len(line), count, 1)) ** (1 / 3)
    points = (line[:, None, :] + direction * size).reshape(-1, 3)
    return points, np.repeat(bright * _STEP_UM / count, count)


def _bends(rng: np.random.Generator, along: Points, count: int) -> NDArray[np.float64]:
    """``(N, S)`` slow waves, for directions (radians) and heights (µm)."""
    total = np.zeros((count, len(along)))
    for _ in range(3):
        period, phase = rng.uniform(5, 16, (count, 1)), rng.uniform(0, 2 * np.pi, (count, 1))
        total += rng.normal(0, 0.4, (count, 1)) * np.sin(2 * np.pi * along / period + phase)
    return total


def _path(slope: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    path = np.cumsum(slope, axis=1) * _STEP_UM
    return np.asarray(path - path[:, [path.shape[1] // 2]] + middle[:, None])
