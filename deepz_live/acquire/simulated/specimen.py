"""What lies under the built-in microscope one by one: endless beads, or a recorded z-stack."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.config import Specimen

TILE_UM = 64.0


@dataclass(frozen=True, eq=False)
class Beads:
    """Some beads: ``positions_um (N, 3)`` as (z, y, x) and ``brightness (N,)`` around 1."""

    positions_um: NDArray[np.float64]
    brightness: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.brightness)


def surface_um(
    specimen: Specimen, y_um: NDArray[np.float64], x_um: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Height µm of the beads' surface at places of the sample; 0 if flat or in a volume.

    Tilted: ``x tan(tilt_deg)``. Cylinder: ``sqrt(r² - (x - axis)²)``, less its value at x = 0.
    """
    level = np.zeros(np.broadcast_shapes(np.shape(y_um), np.shape(x_um)))
    if specimen.kind == "beads-tilted":
        return np.asarray(level + np.tan(np.deg2rad(specimen.tilt_deg)) * x_um)
    if specimen.kind == "beads-cylinder":
        radius, axis = specimen.cylinder_radius_um, specimen.cylinder_axis_um
        across = np.clip(np.asarray(x_um) - axis, -radius, radius)
        top = math.sqrt(max(radius**2 - axis**2, 0.0))
        return np.asarray(level + np.sqrt(radius**2 - across**2) - top)
    return level


class BeadSample:
    """Beads on a surface (:func:`surface_um`) or in a volume, without end in y and x.

    Each tile of the plane is drawn from the seed and the tile's place, so the same stage
    position always shows the same beads, and another position shows beads never seen before.
    """

    def __init__(self, specimen: Specimen) -> None:
        self._density = specimen.beads_per_100um2 / 100
        self._depth = specimen.thickness_um if specimen.kind == "beads-volume" else 0.0
        self._seed, self._specimen = specimen.seed, specimen
        self._tile = functools.lru_cache(maxsize=1024)(self._draw)

    def within(self, low_um: tuple[float, float], high_um: tuple[float, float]) -> Beads:
        """The beads with ``low <= (y, x) < high``, in a fixed order."""
        first = [math.floor(edge / TILE_UM) for edge in low_um]
        last = [math.floor(edge / TILE_UM) for edge in high_um]
        tiles = [
            self._tile(row, column)
            for row in range(first[0], last[0] + 1)
            for column in range(first[1], last[1] + 1)
        ]
        positions = np.concatenate([tile.positions_um for tile in tiles])
        brightness = np.concatenate([tile.brightness for tile in tiles])
        plane = positions[:, 1:]
        keep = np.all((plane >= np.array(low_um)) & (plane < np.array(high_um)), axis=1)
        return Beads(positions[keep], brightness[keep])

    def _draw(self, row: int, column: int) -> Beads:
        # Seeds must not be negative: fold the tile's place onto the natural numbers.
        place = [2 * n if n >= 0 else -2 * n - 1 for n in (row, column)]
        rng = np.random.default_rng([abs(self._seed), int(self._seed < 0), *place])
        count = int(rng.poisson(self._density * TILE_UM**2))
        plane = (rng.uniform(0, 1, (count, 2)) + np.array([row, column])) * TILE_UM
        z = rng.uniform(-0.5, 0.5, count) * self._depth
        z += surface_um(self._specimen, plane[:, 0], plane[:, 1])
        brightness = np.clip(rng.normal(1.0, 0.12, count), 0.6, 1.4)
        return Beads(np.column_stack([z, plane]), brightness)


class StackSample:
    """A recorded z-stack: ``voxels (Z, Y, X)`` in counts, plane ``Z // 2`` at z = 0, going up."""

    def __init__(self, voxels: NDArray[np.generic], z_step_um: float) -> None:
        self._voxels = voxels
        self._step = z_step_um

    @property
    def shape(self) -> tuple[int, int]:
        """``(Y, X)`` of a plane."""
        return (self._voxels.shape[1], self._voxels.shape[2])

    def plane(self, height_um: float) -> NDArray[np.float32]:
        """``(Y, X)`` counts at a height, interpolated linearly along z, the ends continued."""
        last = len(self._voxels) - 1
        place = min(max(height_um / self._step + len(self._voxels) // 2, 0.0), float(last))
        if abs(place - round(place)) < 1e-6:
            return np.asarray(self._voxels[round(place)], dtype=np.float32)
        low = int(place)
        weight = np.float32(place - low)
        below = self._voxels[low].astype(np.float32)
        above = self._voxels[low + 1].astype(np.float32)
        return np.asarray(below + (above - below) * weight, dtype=np.float32)
