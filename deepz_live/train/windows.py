"""Places with signal, windows cut out of them, and the eight symmetries of a square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.train.errors import TrainingError
from deepz_live.train.patches import Region
from deepz_live.train.prepared import Field

SYMMETRIES = 8
"""Quarter turns, and the same mirrored."""


@dataclass(frozen=True)
class Place:
    """A region with the pixels ``(N, 2)`` in it that hold signal, counted from its corner."""

    field: Field
    region: Region
    signal: NDArray[np.uint16]

    def corner(self, crop: int, rng: np.random.Generator) -> tuple[int, int]:
        """Corner ``(y, x)`` in the field of a random window that holds some signal."""
        half = crop // 2
        centre = self.signal[rng.integers(len(self.signal))] + rng.integers(-half, half, 2)
        y, x = np.clip(centre - half, 0, self.region.side - crop)
        return int(y) + self.region.y, int(x) + self.region.x


@dataclass(frozen=True)
class Window:
    """One square of one plane, corner in the field, to be turned by ``symmetry``."""

    place: Place
    plane: int
    y: int
    x: int
    symmetry: int

    def slices(self, crop: int) -> tuple[slice, slice]:
        return slice(self.y, self.y + crop), slice(self.x, self.x + crop)


def places(fields: Sequence[Field], *, validation: bool) -> tuple[Place, ...]:
    """All regions with signal of one side of the split."""
    found = []
    for field in fields:
        for region in field.validation if validation else field.training:
            signal = np.argwhere(field.mask[region.slices]).astype(np.uint16)
            if len(signal):
                found.append(Place(field, region, signal))
    return tuple(found)


def fitting_crop(places: Sequence[Place], crop: int, multiple: int) -> int:
    """Side of the windows: at most ``crop``, a multiple of ``multiple``, inside every region.

    Raises
    ------
    TrainingError
        No places, or a region smaller than ``multiple``.
    """
    if not places:
        raise TrainingError(
            "The stacks hold too little signal: no region to draw examples from; capture more "
            "fields or a brighter sample."
        )
    smallest = min(place.region.side for place in places)
    fitting = min(crop, smallest) // multiple * multiple
    if fitting < multiple:
        raise TrainingError(
            f"The smallest region is {smallest} pixels wide, but the network needs a multiple of "
            f"{multiple}; train on a larger part of the field or with fewer levels."
        )
    return fitting


def turned(planes: NDArray[Any], symmetry: int) -> NDArray[Any]:
    """``(..., Y, X)`` turned by ``symmetry % 4`` quarters and mirrored from 4 on; 0 is as it is.
    A view of ``planes``."""
    planes = np.rot90(planes, symmetry % 4, (-2, -1))
    return planes[..., ::-1] if symmetry >= SYMMETRIES // 2 else planes
