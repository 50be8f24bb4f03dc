"""Small worms with named neurons, lying side by side on the slide."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.density import Floats, Grid, add_ball
from deepz_live.acquire.simulated.samples.activity import Courses, draw_loadings
from deepz_live.acquire.simulated.samples.sample import NO_NEURONS, Neurons
from deepz_live.acquire.simulated.samples.tiles import tile_rng, tiles_within
from deepz_live.config import Specimen

TILE_UM = 112.0
LENGTH_UM = 100.0
NUCLEI = 120
CHANNELS = ("TexasRed", "FITC")
"""Nuclei all the same; activity of their cell bodies."""
_KIND = 1
_HEAD = 0.28
_CELL = 1.35
_BODY = {"TexasRed": 0.025, "FITC": 0.05}
_JITTER_UM = 3.0


@dataclass(frozen=True, eq=False)
class Body:
    """A gently bent tube with an elliptic section, blunt at the head, pointed at the tail.

    A place in it is ``s`` (0 head, 1 tail) and the lateral offset ``d`` µm.
    """

    middle_um: tuple[float, float]
    angle: float
    bend: float
    half_width_um: float
    half_height_um: float

    def line(self, s: NDArray[np.floating]) -> NDArray[np.float64]:
        """``(N, 2)`` (y, x) µm of the centre line."""
        along = (np.asarray(s) - 0.5) * LENGTH_UM
        across = self.bend * (np.sin(np.pi * np.asarray(s)) - 0.5)
        return self._turned(along, across)

    def place(self, s: NDArray[np.floating], d: NDArray[np.floating]) -> NDArray[np.float64]:
        """``(N, 2)`` (y, x) µm of offsets ``d`` square to the centre line's chord."""
        return self.line(s) + self._turned(np.zeros_like(d), d) - self._turned(0 * d, 0 * d)

    def taper(self, s: NDArray[np.floating]) -> NDArray[np.float64]:
        """Width there, 1 at the widest."""
        s = np.clip(s, 0, 1)
        return np.asarray(np.minimum(1.0, (s / 0.12) ** 0.5) * np.minimum(1.0, (1 - s) / 0.45))

    def thickness(self, y: Floats, x: Floats) -> Floats:
        """Half the height ``(Y, X)`` µm of the body over each place; 0 beside it."""
        sin, cos = np.sin(self.angle), np.cos(self.angle)
        dy, dx = y[:, None] - self.middle_um[0], x[None, :] - self.middle_um[1]
        s = (dy * sin + dx * cos) / LENGTH_UM + 0.5
        d = dy * cos - dx * sin - self.bend * (np.sin(np.pi * np.clip(s, 0, 1)) - 0.5)
        wide = self.taper(s)
        wide[(s <= 0) | (s >= 1)] = 0
        part = 1 - (d / np.maximum(wide * self.half_width_um, 1e-3)) ** 2
        half = self.half_height_um * wide * np.sqrt(np.maximum(part, 0))
        return np.asarray(half, dtype=np.float32)

    def _turned(
        self, along: NDArray[np.floating], across: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        sin, cos = np.sin(self.angle), np.cos(self.angle)
        y = self.middle_um[0] + along * sin + across * cos
        x = self.middle_um[1] + along * cos - across * sin
        return np.stack([y, x], axis=-1)


@dataclass(frozen=True, eq=False)
class Worm:
    """A body, its neurons, and what makes each nucleus look its own way."""

    body: Body
    neurons: Neurons
    brightness: NDArray[np.float64]
    waves: NDArray[np.float64]


class Worms:
    """A worm a tile of 112 µm, each another; the first lies at the origin."""

    points = False

    def __init__(self, specimen: Specimen, channel: str) -> None:
        self._seed, self._channel = specimen.seed, channel
        self.thickness_um = specimen.thickness_um
        self._count = round(NUCLEI * specimen.density)
        self.courses = Courses(specimen.seed)
        self._tile = functools.lru_cache(maxsize=64)(self._draw)

    def densities(self, grid: Grid) -> Iterator[Floats]:
        worms = self._worms(grid.low_um, grid.high_um)
        if self._channel == CHANNELS[0]:
            density = self._bodies(grid, worms)
            for worm in worms:
                _add_nuclei(density, grid, worm)
            yield density
            return
        for course in range(3):
            density = self._bodies(grid, worms) if course == 0 else grid.empty()
            for worm in worms:
                _add_cells(density, grid, worm, course)
            yield density

    def reference(self, grid: Grid) -> Floats:
        """A nucleus of 2.5 µm (TexasRed), or its cell body (FITC)."""
        density = grid.empty()
        radius = 1.25 if self._channel == CHANNELS[0] else 1.25 * _CELL
        add_ball(density, grid, np.zeros(3), np.full(3, radius), 1.0)
        return density

    def weights(self, time_s: float) -> Floats:
        if self._channel == CHANNELS[0]:
            return np.ones(1, np.float32)
        return self.courses(np.array([time_s]))[:, 0].astype(np.float32)

    def neurons(self, low_um: tuple[float, float], high_um: tuple[float, float]) -> Neurons:
        every = [worm.neurons for worm in self._worms(low_um, high_um)]
        if not every:
            return NO_NEURONS
        neurons = Neurons(
            sum((one.names for one in every), ()),
            np.concatenate([one.positions_um for one in every]),
            np.concatenate([one.radii_um for one in every]),
            sum((one.clusters for one in every), ()),
            np.concatenate([one.loadings for one in every]),
        )
        plane = neurons.positions_um[:, 1:]
        return neurons.pick(np.all((plane >= low_um) & (plane < high_um), axis=1))

    def _worms(self, low_um: tuple[float, float], high_um: tuple[float, float]) -> list[Worm]:
        reach = LENGTH_UM / 2 + 2 * _JITTER_UM - TILE_UM / 2
        return [self._tile(*place) for place in tiles_within(low_um, high_um, reach, TILE_UM)]

    def _bodies(self, grid: Grid, worms: list[Worm]) -> Floats:
        density = grid.empty()
        heights = np.abs(grid.axis(0))
        glow = np.float32(_BODY[self._channel])
        reach = np.full(3, LENGTH_UM / 2 + 2 * _JITTER_UM)
        for worm in worms:
            box = grid.box(np.array([0.0, *worm.body.middle_um]), reach)
            if box is None:
                continue
            half = worm.body.thickness(grid.axis(1)[box[1]], grid.axis(2)[box[2]])
            for height, plane in zip(heights, density[:, box[1], box[2]], strict=True):
                plane += glow * np.clip(half - height, 0, 1)
        return density

    def _draw(self, row: int, column: int) -> Worm:
        rng = tile_rng(self._seed, row, column, _KIND)
        body = Body(
            middle_um=tuple(np.array([row, column]) * TILE_UM + rng.uniform(-1, 1, 2) * _JITTER_UM),
            angle=rng.uniform(0, 2 * np.pi),
            bend=rng.uniform(-6, 6),
            half_width_um=rng.uniform(11, 14),
            half_height_um=self.thickness_um / 2 * rng.uniform(0.85, 1.0),
        )
        positions, radii = _scatter(rng, body, self._count)
        clusters, loadings = draw_loadings(rng, len(radii))
        neurons = Neurons(
            tuple(f"worm {row},{column} neuron {n:03d}" for n in range(len(radii))),
            positions,
            radii,
            clusters,
            loadings,
        )
        bright = np.clip(np.exp(rng.normal(0, 0.3, len(radii))), 0.4, 2.0)
        return Worm(body, neurons, bright, rng.normal(0, 1, (len(radii), 4, 4)))


def _scatter(
    rng: np.random.Generator, body: Body, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nuclei that do not overlap: most around the pharynx in the head, the rest along the body."""
    tries = count * 30
    sizes = rng.uniform(1.0, 1.5, tries)
    s = np.where(
        rng.uniform(size=tries) < 0.65,
        rng.normal(_HEAD, 0.09, tries),
        rng.uniform(0.08, 0.9, tries),
    ).clip(0.06, 0.9)
    around, out = rng.uniform(0, 2 * np.pi, tries), np.sqrt(rng.uniform(0.15, 0.85, tries))
    wide = body.taper(s)
    across = out * np.cos(around) * (wide * body.half_width_um - sizes)
    z = out * np.sin(around) * (wide * body.half_height_um - sizes)
    candidates = np.column_stack([z, body.place(s, across)])
    kept: list[int] = []
    for number in range(tries):
        away = np.linalg.norm(candidates[kept] - candidates[number], axis=1)
        if np.all(away > sizes[kept] + sizes[number]):
            kept.append(number)
        if len(kept) == count:
            break
    return candidates[kept], sizes[kept]


def _add_nuclei(density: Floats, grid: Grid, worm: Worm) -> None:
    neurons = worm.neurons
    for place, radius, bright, waves in zip(
        neurons.positions_um, neurons.radii_um, worm.brightness, worm.waves, strict=True
    ):
        texture = functools.partial(_mottled, waves=waves)
        add_ball(density, grid, place, np.full(3, radius), float(bright), texture=texture)


def _add_cells(density: Floats, grid: Grid, worm: Worm, course: int) -> None:
    neurons = worm.neurons
    for place, radius, loading in zip(
        neurons.positions_um, neurons.radii_um, neurons.loadings[:, course], strict=True
    ):
        if loading:
            add_ball(density, grid, place, np.full(3, radius * _CELL), float(loading), edge_um=0.6)


def _mottled(z: Floats, y: Floats, x: Floats, *, waves: NDArray[np.float64]) -> Floats:
    """1 with gentle waves about 1.5 µm long: chromatin."""
    value = np.ones(np.broadcast_shapes(z.shape, y.shape, x.shape), np.float32)
    for a, b, c, phase in waves:
        length = np.sqrt(a * a + b * b + c * c) / 4.2
        value += np.float32(0.12) * np.sin((a * z + b * y + c * x) / length + 3 * phase)
    return value
