"""The surface that a sample lies on, found in one virtual stack: sharpest depth tile by tile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.best_focus import depths, noise_of, signal
from deepz_live.image.dpm import SurfaceError, centred_grid
from deepz_live.image.free import Free, grid_for
from deepz_live.image.surface_fit import FEWEST, FitKind, Fitted, fit_heights, on_grid

Floats = NDArray[np.float64]

TILE_UM = 10.0
"""Side of a tile: it holds one or two of the paper's beads, or a cell."""
FEWEST_PX = 8
FEWEST_TILES: dict[FitKind, int] = {"plane": 4, "quadratic": 10, "thin-plate": 10}
"""With fewer tiles that show anything, a stiffer surface is fitted."""
ROUNDS = 10
STRAY_UM = 0.3
"""Tiles this near to the surface always count: what the depth of one tile is good for."""
REJECTED = 4.685
"""Tukey's bisquare: so many robust standard deviations away a tile counts nothing."""
SMOOTHING = 0.02
"""Of the thin plate; in units of the field."""


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """What the tiles of a field say, each ``(Ty, Tx)``.

    Attributes
    ----------
    depth_um, confidence
        Depth of best focus, and 0 … 1; 0 where a tile shows nothing.
    y_px, x_px
        Centre of what is sharp in the tile.
    """

    depth_um: Floats
    confidence: Floats
    y_px: Floats
    x_px: Floats
    tile_px: int

    def sizes(self, shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Heights ``(Ty,)`` and widths ``(Tx,)`` of the tiles in pixels of an image."""
        rows, columns = (_sizes(side, self.tile_px) for side in shape)
        return rows, columns


@dataclass(frozen=True, slots=True, eq=False)
class AutoSurface:
    """A surface found in a virtual stack.

    Attributes
    ----------
    surface
        On a coarse grid, ready to be stored, shown, and changed with the brush.
    fit
        What was fitted: ``"plane"``, … or ``"uniform"`` where too few tiles show anything.
    weight
        ``(Ty, Tx)`` 0 … 1: confidence of a tile, 0 where it strays from the surface.
    residual_um
        Median distance of the tiles that count from the surface.
    """

    surface: Free
    fit: str
    tiles: Tiles
    weight: Floats
    residual_um: float

    @property
    def used(self) -> int:
        """Tiles that the surface rests on."""
        return int((self.weight > 0).sum())

    def moved(self, dz_um: float, dy_um: float, dx_um: float) -> AutoSurface:
        """As seen from a sample that has moved by so much since; tiles stay where they are."""
        return replace(self, surface=self.surface.moved(dz_um, dy_um, dx_um))


def auto_surface(
    planes: Iterable[NDArray[np.generic]],
    z_planes_um: tuple[float, ...],
    pixel_size_um: float,
    fit: FitKind = "quadratic",
) -> AutoSurface:
    """The surface through the sharpest depth of every tile, weighted by confidence.

    Tiles that lie off (a bead on the other glass, dirt) are weighed down until they count nothing
    (iterated least squares with Tukey's bisquare; P. Holland and R. Welsch, Commun. Stat. A6,
    813, 1977).

    Parameters
    ----------
    planes
        ``(Y, X)`` counts, one after the other, at ``z_planes_um`` (ascending, evenly spaced); only
        one at a time is looked at.
    fit
        The most bending that is wanted; where few tiles show anything, a stiffer one is taken.

    Raises
    ------
    SurfaceError
        No tile shows anything to focus on.
    """
    tiles, shape = read_tiles(planes, z_planes_um, pixel_size_um)
    seen = tiles.confidence > 0
    count = int(seen.sum())
    if not count:
        raise SurfaceError(
            f"None of {tiles.confidence.size} tiles shows anything to focus on; bring the sample "
            "into the model's range, or click points."
        )
    middle = [(side - 1) / 2 for side in shape]
    points = np.column_stack(
        [
            tiles.depth_um[seen],
            (tiles.y_px[seen] - middle[0]) * pixel_size_um,
            (tiles.x_px[seen] - middle[1]) * pixel_size_um,
        ]
    )
    used, fitted, weights = _robust(points, tiles.confidence[seen], fit)
    weight = np.zeros_like(tiles.confidence)
    weight[seen] = weights
    rows, columns, spacing = grid_for(shape, pixel_size_um)
    heights = on_grid(fitted, *centred_grid((rows, columns), spacing))
    heights = heights.clip(z_planes_um[0], z_planes_um[-1])
    away = np.abs(points[:, 0] - fitted(points[:, 1], points[:, 2]))
    residual = float(np.median(away[weights > 0]))
    return AutoSurface(Free.of(heights, spacing), used, tiles, weight, residual)


def read_tiles(
    planes: Iterable[NDArray[np.generic]], z_planes_um: tuple[float, ...], pixel_size_um: float
) -> tuple[Tiles, tuple[int, int]]:
    """Depth and confidence of each tile, and the image's size ``(Y, X)``.

    Tiles cover the whole image and are :data:`TILE_UM` wide, those at the lower and right edge
    between half and one and a half of it.
    """
    tile = max(round(TILE_UM / pixel_size_um), FEWEST_PX)
    deviations: list[Floats] = []
    noise: list[Floats] = []
    brightest: NDArray[np.float32] | None = None
    for plane in planes:
        image = np.asarray(plane, np.float32)
        brightest = image.copy() if brightest is None else np.maximum(brightest, image)
        deviations.append(_deviations(image, tile))
        noise.append(noise_of(image[None]))
    if brightest is None:
        raise SurfaceError("A stack without planes has no surface; refocus a frame first.")
    floor = np.concatenate(noise)
    curves = signal(np.stack(deviations), floor)
    flat = curves.reshape(len(curves), -1)
    depth, confidence = depths(flat, float(floor.max()), z_planes_um)
    best = flat.argmax(axis=0)
    # At the ends of the range the focus may lie anywhere beyond.
    confidence = np.where((best == 0) | (best == len(flat) - 1), 0.0, confidence)
    size = curves.shape[1:]
    y, x = _centres(brightest, tile)
    tiles = Tiles(depth.reshape(size), confidence.reshape(size), y, x, tile)
    return tiles, (brightest.shape[0], brightest.shape[1])


def _deviations(image: NDArray[np.float32], tile: int) -> Floats:
    """Standard deviation ``(Ty, Tx)`` of the pixels of each tile."""
    area = _sums(np.ones_like(image), tile)
    # Less the image's own level, so that squares stay small beside the precision of float32.
    level = image - image.mean(dtype=np.float64).astype(np.float32)
    mean = _sums(level, tile) / area
    power = _sums(level * level, tile) / area - mean**2
    return np.sqrt(np.maximum(power, 0.0))


def _centres(image: NDArray[np.float32], tile: int) -> tuple[Floats, Floats]:
    """y and x ``(Ty, Tx)`` in pixels of the light above each tile's mean."""
    height, width = image.shape
    mean = _sums(image, tile) / _sums(np.ones_like(image), tile)
    rows, columns = _sizes(height, tile), _sizes(width, tile)
    above = image - np.repeat(np.repeat(mean, rows, axis=0), columns, axis=1)
    light = np.maximum(above, 0.0) ** 2 + 1e-12
    total = _sums(light, tile)
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    return _sums(light * y, tile) / total, _sums(light * x, tile) / total


def _sums(image: NDArray[np.floating], tile: int) -> Floats:
    height, width = image.shape
    rows = np.add.reduceat(image, _starts(height, tile), axis=0, dtype=np.float64)
    return np.asarray(np.add.reduceat(rows, _starts(width, tile), axis=1))


def _starts(side: int, tile: int) -> NDArray[np.intp]:
    """Where tiles begin; a rest of less than half a tile belongs to the last one."""
    return np.arange(0, max(side - tile // 2, 1), tile)


def _sizes(side: int, tile: int) -> NDArray[np.intp]:
    return np.diff(np.append(_starts(side, tile), side))


def _robust(points: Floats, trust: Floats, wanted: FitKind) -> tuple[str, Fitted, Floats]:
    """The fit used, the surface, and weights ``(N,)`` of the points ``(N, 3)``."""
    for kind in dict.fromkeys((wanted, "quadratic", "plane")):
        if len(points) >= FEWEST_TILES[kind]:
            try:
                return kind, *_reweighted(points, trust, kind)
            except SurfaceError:
                continue  # all on one line: a stiffer surface may go through them
    level = _weighted_median(points[:, 0], trust)
    return "uniform", lambda y_um, _: np.full(len(y_um), level), trust


def _reweighted(points: Floats, trust: Floats, kind: FitKind) -> tuple[Fitted, Floats]:
    # A thin plate bends to whatever strays, so what strays is found beside a stiffer surface.
    stiff: FitKind = "quadratic" if kind == "thin-plate" else kind
    weights = trust
    for _ in range(ROUNDS):
        used = weights > 0
        fitted = fit_heights(points[used], stiff, weights[used])
        away = np.abs(points[:, 0] - fitted(points[:, 1], points[:, 2]))
        scale = max(1.4826 * _weighted_median(away, trust), STRAY_UM)
        share = (away / (REJECTED * scale)).clip(max=1.0)
        weights = trust * (1 - share**2) ** 2
        if (weights > 0).sum() < FEWEST[stiff]:
            break
    used = weights > 0
    if kind == "thin-plate":
        fitted = fit_heights(points[used], kind, weights[used], SMOOTHING)
    return fitted, weights


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, share[-1] / 2)])
