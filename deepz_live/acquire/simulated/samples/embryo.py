"""Early embryos: glowing cytoplasm in cells, few nuclei, some of them dividing."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.density import Floats, Grid, add_ball
from deepz_live.acquire.simulated.samples.sample import NO_NEURONS, Neurons
from deepz_live.acquire.simulated.samples.texture import patches
from deepz_live.acquire.simulated.samples.tiles import tile_rng, tiles_within
from deepz_live.config import Specimen

TILE_UM = 56.0
CELLS = 16
CYTOPLASM = (0.15, 0.4)
"""Glow of the cytoplasm, of a resting nucleus' brightness; each embryo has its own."""
DIVIDING = 0.35
"""Share of the nuclei that are condensed: smaller, flat and brighter."""
_LENGTH_UM, _WIDTH_UM = (17.0, 22.0), (12.0, 15.0)
_JITTER_UM = 3.0
_KIND = 5
_GRAINS, _GRAIN_RATE = 10, 4.0
_SEAM_UM = 0.35


@dataclass(frozen=True, eq=False)
class Nucleus:
    """One nucleus: centre and semi-axes (z, y, x) µm."""

    centre_um: NDArray[np.float64]
    radii_um: NDArray[np.float64]
    brightness: float
    waves: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Embryo:
    """An ellipsoid that lies flat, and its nuclei; a cell is what is nearest to one centre."""

    middle_um: NDArray[np.float64]
    radii_um: NDArray[np.float64]
    angle: float
    glow: float
    cells_um: NDArray[np.float64]
    nuclei: tuple[Nucleus, ...]
    grains: NDArray[np.float64]

    def away(self, z: Floats, y: Floats, x: Floats) -> Floats:
        """Distance from the middle in units of the surface's: 1 on the surface."""
        sin, cos = math.sin(self.angle), math.cos(self.angle)
        dy, dx = y - self.middle_um[1], x - self.middle_um[2]
        along, across = dy * sin + dx * cos, dy * cos - dx * sin
        a, b, c = self.radii_um
        return np.asarray(np.sqrt((z / a) ** 2 + (across / b) ** 2 + (along / c) ** 2), np.float32)


class Embryos:
    """An embryo a tile of 56 µm, each another; the first lies at the origin.

    ``density`` multiplies the number of cells.
    """

    points = False

    def __init__(self, specimen: Specimen) -> None:
        self._seed = specimen.seed
        self.thickness_um = specimen.thickness_um
        self._count = max(round(CELLS * specimen.density), 2)
        self._tile = functools.lru_cache(maxsize=16)(self._draw)

    def densities(self, grid: Grid) -> Iterator[Floats]:
        density = grid.empty()
        reach = _LENGTH_UM[1] + _JITTER_UM - TILE_UM / 2
        for place in tiles_within(grid.low_um, grid.high_um, reach, TILE_UM):
            embryo = self._tile(*place)
            _add_cytoplasm(density, grid, embryo)
            for nucleus in embryo.nuclei:
                texture = functools.partial(patches, waves=nucleus.waves)
                add_ball(
                    density,
                    grid,
                    nucleus.centre_um,
                    nucleus.radii_um,
                    nucleus.brightness,
                    texture=texture,
                )
        yield density

    def reference(self, grid: Grid) -> Floats:
        """A resting nucleus of 3.6 µm."""
        density = grid.empty()
        add_ball(density, grid, np.zeros(3), np.full(3, 1.8), 1.0)
        return density

    def weights(self, time_s: float) -> Floats:  # noqa: ARG002
        return np.ones(1, np.float32)

    def neurons(self, low_um: tuple[float, float], high_um: tuple[float, float]) -> Neurons:  # noqa: ARG002
        return NO_NEURONS

    def _draw(self, row: int, column: int) -> Embryo:
        rng = tile_rng(self._seed, row, column, _KIND)
        jitter = rng.uniform(-_JITTER_UM, _JITTER_UM, 2)
        middle = np.array([0.0, row * TILE_UM + jitter[0], column * TILE_UM + jitter[1]])
        height = self.thickness_um / 2 * rng.uniform(0.85, 1.0)
        radii = np.array([height, rng.uniform(*_WIDTH_UM), rng.uniform(*_LENGTH_UM)])
        angle = rng.uniform(0, math.pi)
        count = max(round(self._count * rng.uniform(0.6, 1.6)), 2)
        cells = _apart(rng, radii - 1.5, count)
        sin, cos = math.sin(angle), math.cos(angle)
        turned = np.stack(
            [
                cells[:, 0],
                middle[1] + cells[:, 2] * sin + cells[:, 1] * cos,
                middle[2] + cells[:, 2] * cos - cells[:, 1] * sin,
            ],
            axis=1,
        )
        return Embryo(
            middle,
            radii,
            angle,
            rng.uniform(*CYTOPLASM),
            turned,
            tuple(one for centre in turned for one in _nuclei(rng, centre)),
            rng.normal(0, 1, (_GRAINS, 4)),
        )


def _apart(rng: np.random.Generator, radii_um: NDArray[np.float64], count: int) -> Floats:
    """Centres (z, across, along) in an ellipsoid that keep away from each other as far as fits."""
    shell = rng.normal(size=(24 * count, 3))
    shell *= (rng.uniform(0, 1, len(shell)) ** (1 / 3) / np.linalg.norm(shell, axis=1))[:, None]
    offered = shell * radii_um
    chosen = [offered[0]]
    nearest = np.full(len(offered), np.inf)
    for _ in range(count - 1):
        nearest = np.minimum(nearest, np.linalg.norm(offered - chosen[-1], axis=1))
        # Not always the farthest: cells are no lattice.
        chosen.append(offered[rng.choice(np.argsort(nearest)[-8:])])
    return np.asarray(chosen)


def _nuclei(rng: np.random.Generator, centre: NDArray[np.float64]) -> list[Nucleus]:
    """One resting nucleus, one plate of chromosomes, or the two that it parts into."""
    waves = rng.normal(0, 1, (4, 4))
    if rng.uniform() > DIVIDING:
        radii = rng.uniform(1.4, 2.3, 3)
        return [Nucleus(centre, radii, float(rng.uniform(0.6, 1.2)), waves)]
    radii = rng.permuted([rng.uniform(0.5, 0.9), rng.uniform(1.0, 1.4), rng.uniform(1.0, 1.4)])
    bright = float(rng.uniform(1.4, 2.6))
    if rng.uniform() < 0.5:
        return [Nucleus(centre, radii, bright, waves)]
    away = rng.normal(0, 1, 3)
    away *= rng.uniform(1.0, 2.2) / np.linalg.norm(away)
    return [Nucleus(centre + sign * away, radii, bright, waves) for sign in (-1, 1)]


def _add_cytoplasm(density: Floats, grid: Grid, embryo: Embryo) -> None:
    reach = np.array([embryo.radii_um[0], *np.full(2, embryo.radii_um.max())])
    box = grid.box(embryo.middle_um, reach)
    if box is None:
        return
    z, y, x = (
        grid.axis(axis)[box[axis]].reshape([-1 if other == axis else 1 for other in range(3)])
        for axis in range(3)
    )
    away = embryo.away(z, y, x)
    edge = np.float32(embryo.radii_um.min() / 0.5)
    inside = np.clip((1 - away) * edge, 0, 1)
    inside *= _seams(embryo, z, y, x)
    inside *= patches(z, y, x, waves=embryo.grains, rate=_GRAIN_RATE, depth=0.25)
    density[box] += inside * np.float32(embryo.glow)


def _seams(embryo: Embryo, z: Floats, y: Floats, x: Floats) -> Floats:
    """1 in the cells, less on the borders between them: where two centres are equally near."""
    shape = np.broadcast_shapes(z.shape, y.shape, x.shape)
    first, second = np.full(shape, np.inf, np.float32), np.full(shape, np.inf, np.float32)
    for centre in embryo.cells_um.astype(np.float32):
        away = np.sqrt((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2)
        np.minimum(second, np.maximum(first, away), out=second)
        np.minimum(first, away, out=first)
    second -= first
    return np.asarray(1 - np.float32(0.4) * np.exp(-((second / (2 * _SEAM_UM)) ** 2)), np.float32)
