"""Seeds for samples without end: each tile of the plane has its own, the same for ever."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np


def tile_rng(seed: int, row: int, column: int, kind: int) -> np.random.Generator:
    """Random numbers of one tile; ``kind`` tells samples of the same seed apart."""
    # Seeds must not be negative: fold the tile's place onto the natural numbers.
    place = [2 * n if n >= 0 else -2 * n - 1 for n in (row, column)]
    return np.random.default_rng([abs(seed), int(seed < 0), *place, kind])


def tiles_within(
    low_um: tuple[float, float], high_um: tuple[float, float], reach_um: float, tile_um: float
) -> Iterator[tuple[int, int]]:
    """(row, column) of the tiles centred on multiples of ``tile_um`` that may reach the area."""
    first = [math.floor((edge - reach_um) / tile_um + 0.5) for edge in low_um]
    last = [math.floor((edge + reach_um) / tile_um + 0.5) for edge in high_um]
    for row in range(first[0], last[0] + 1):
        for column in range(first[1], last[1] + 1):
            yield row, column
