"""Closely packed stained nuclei, like those of an embryo."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import numpy as np

from deepz_live.acquire.simulated.density import Floats, Grid, add_ball
from deepz_live.acquire.simulated.samples.sample import NO_NEURONS, Neurons
from deepz_live.acquire.simulated.samples.texture import patches
from deepz_live.acquire.simulated.samples.tiles import tile_rng, tiles_within
from deepz_live.config import Specimen

PITCH_UM = 6.2
LAYER_UM = 5.5
TISSUE = 0.03
"""Glow of the tissue between the nuclei, of a nucleus' brightness."""
_JITTER_UM = 1.2
_SHEAR_UM = 5.0
_FILLED = 0.88
_WAVES = 4
_KIND = 4


class Nuclei:
    """Ellipsoids on a staggered lattice, each off its place, some missing, at any density 1.

    ``density`` packs them closer (and makes them smaller) or wider.
    """

    points = False

    def __init__(self, specimen: Specimen) -> None:
        self._seed = specimen.seed
        self.thickness_um = specimen.thickness_um
        self._scale = specimen.density ** (-1 / 3)

    def densities(self, grid: Grid) -> Iterator[Floats]:
        density = grid.empty()
        density[np.abs(grid.axis(0)) <= self.thickness_um / 2] = TISSUE
        pitch = PITCH_UM * self._scale
        for row, column in tiles_within(
            grid.low_um, grid.high_um, 2 * pitch + 2 * _SHEAR_UM, pitch
        ):
            rng = tile_rng(self._seed, row, column, _KIND)
            self._column(density, grid, rng, row, column)
        yield density

    def reference(self, grid: Grid) -> Floats:
        """A nucleus of 4.4 µm."""
        density = grid.empty()
        add_ball(density, grid, np.zeros(3), np.full(3, 2.2 * self._scale), 1.0)
        return density

    def weights(self, time_s: float) -> Floats:  # noqa: ARG002
        return np.ones(1, np.float32)

    def neurons(self, low_um: tuple[float, float], high_um: tuple[float, float]) -> Neurons:  # noqa: ARG002
        return NO_NEURONS

    def _column(
        self, density: Floats, grid: Grid, rng: np.random.Generator, row: int, column: int
    ) -> None:
        """The nuclei above one another at one site of the lattice."""
        pitch, layer = PITCH_UM * self._scale, LAYER_UM * self._scale
        room = self.thickness_um / 2 - 2.0 * self._scale
        layers = max(int(2 * room // layer) + 1, 1)
        offset = rng.uniform(-0.5, 0.5) * layer
        for number in range(layers):
            jitter = rng.uniform(-1, 1, 3) * _JITTER_UM * self._scale
            radii = rng.uniform(1.8, 2.6, 3) * self._scale
            bright = float(np.clip(rng.normal(1.0, 0.2), 0.5, 1.6))
            waves = rng.normal(0, 1, (_WAVES, 4))
            if rng.uniform() > _FILLED:
                continue
            z = (number - (layers - 1) / 2) * layer + offset + jitter[0]
            stagger = 0.5 * ((row + number) % 2)
            y, x = _sheared(row * pitch, (column + stagger) * pitch)
            z = float(np.clip(z, -max(room, 0), max(room, 0)))
            place = np.array([z, y + jitter[1], x + jitter[2]])
            texture = functools.partial(patches, waves=waves)
            add_ball(density, grid, place, radii, bright, texture=texture)


def _sheared(y: float, x: float) -> tuple[float, float]:
    """Two shears that bend the rows of the lattice and keep every area."""
    y += _SHEAR_UM * (0.6 * math.sin(x / 6.1) + 0.4 * math.sin(x / 2.9 + 1))
    x += _SHEAR_UM * (0.6 * math.sin(y / 5.3) + 0.4 * math.sin(y / 3.3 + 2))
    return y, x
