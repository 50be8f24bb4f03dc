"""Drawing what glows on a grid in space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Voxels ``(Z, Y, X)``: voxel ``i`` of an axis is at ``origin + i * step`` µm."""

    origin_um: tuple[float, float, float]
    step_um: tuple[float, float, float]
    shape: tuple[int, int, int]

    def axis(self, axis: int) -> Floats:
        """Places of the voxels along one axis, µm."""
        places = self.origin_um[axis] + self.step_um[axis] * np.arange(self.shape[axis])
        return places.astype(np.float32)

    @property
    def low_um(self) -> tuple[float, float]:
        """(y, x) of the first voxel."""
        return self.origin_um[1:]

    @property
    def high_um(self) -> tuple[float, float]:
        """(y, x) of the last voxel."""
        y, x = (self.origin_um[i] + self.step_um[i] * (self.shape[i] - 1) for i in (1, 2))
        return (y, x)

    def empty(self) -> Floats:
        """A density of nothing."""
        return np.zeros(self.shape, dtype=np.float32)

    def box(self, centre_um: Points, reach_um: Points) -> tuple[slice, ...] | None:
        """The voxels within ``reach_um`` of a centre along each axis; None where there are none."""
        parts = []
        for axis in range(3):
            place = (float(centre_um[axis]) - self.origin_um[axis]) / self.step_um[axis]
            reach = float(reach_um[axis]) / self.step_um[axis]
            low = max(int(np.ceil(place - reach)), 0)
            high = min(int(np.floor(place + reach)) + 1, self.shape[axis])
            if low >= high:
                return None
            parts.append(slice(low, high))
        return tuple(parts)


def add_points(density: Floats, grid: Grid, points_um: Points, weights: Points) -> None:
    """Put point sources ``(N, 3)`` between the eight voxels around each, linearly."""
    place = (points_um - np.array(grid.origin_um)) / np.array(grid.step_um)
    inside = np.all((place >= 0) & (place < np.array(grid.shape) - 1), axis=1)
    place, weights = place[inside], weights[inside]
    corner = place.astype(np.int64)
    part = place - corner
    _, rows, columns = grid.shape
    flat = density.reshape(-1)
    for dz in (0, 1):
        for dy in (0, 1):
            for dx in (0, 1):
                share = weights.copy()
                for axis, step in enumerate((dz, dy, dx)):
                    share *= part[:, axis] if step else 1 - part[:, axis]
                index = ((corner[:, 0] + dz) * rows + corner[:, 1] + dy) * columns
                np.add.at(flat, index + corner[:, 2] + dx, share.astype(np.float32))


def add_ball(
    density: Floats,
    grid: Grid,
    centre_um: Points,
    radii_um: Points,
    weight: float,
    *,
    edge_um: float = 0.4,
    texture: Callable[[Floats, Floats, Floats], Floats] | None = None,
) -> None:
    """Add an ellipsoid with axes along z, y, x and a soft edge.

    ``texture`` gives the brightness from the offsets (z, y, x) to the centre, µm.
    """
    box = grid.box(centre_um, radii_um + edge_um)
    if box is None:
        return
    z, y, x = (
        (grid.axis(axis)[box[axis]] - np.float32(centre_um[axis])).reshape(
            [-1 if other == axis else 1 for other in range(3)]
        )
        for axis in range(3)
    )
    a, b, c = (np.float32(radius) for radius in radii_um)
    away = np.sqrt((z / a) ** 2 + (y / b) ** 2 + (x / c) ** 2)
    size = np.float32(np.mean(radii_um) / edge_um)
    ball = np.clip((1 - away) * size + np.float32(0.5), 0, 1) * np.float32(weight)
    if texture is not None:
        ball *= texture(z, y, x)
    density[box] += ball
