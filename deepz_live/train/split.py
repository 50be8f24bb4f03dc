"""Regions for training and for validation, so that no pixel is in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from deepz_live.train.cover import cover, overlap
from deepz_live.train.errors import TrainingError
from deepz_live.train.patches import Region

TRAINING_SHARE = 0.85
MINIMUM_REGIONS = 4
MINIMUM_SIDE = 64
WANTED_OVERLAP = 0.05
ACCEPTED_OVERLAP = 0.1
LEAST_LEFT = 0.75
"""A validation region must keep this part of its side once it is cut clear of its neighbours."""

Mask = NDArray[np.bool_]
Numbered = tuple[int, Region]
"""Number of the field, and a region of it."""
Split = tuple[list[Numbered], list[Numbered]]


def split_regions(masks: Sequence[Mask], side: int, rng: np.random.Generator) -> Split:
    """Cover all masks with squares and divide those 85 : 15 (paper).

    Training regions stay whole. A validation region is cut down to its largest square that shares
    no pixel with any training region. Where squares of ``side`` are too few to divide, or
    overlap by more than a tenth because they do not fit the field, smaller ones that do are
    taken.

    Parameters
    ----------
    masks
        ``(Y, X)`` bool, one a field.
    side
        Wanted side of the squares, pixels (paper: 256).

    Raises
    ------
    TrainingError
        There is signal for less than two separate regions.
    """
    found: list[tuple[float, Split]] = []
    for fitting in _sides(masks, side):
        covers = [cover(mask, fitting) for mask in masks]
        regions = [(n, region) for n, squares in enumerate(covers) for region in squares]
        split = _divided(regions, masks, rng)
        if split is None:
            continue
        shared = float(np.mean([overlap(squares) for squares in covers if squares]))
        if len(regions) >= MINIMUM_REGIONS and shared <= ACCEPTED_OVERLAP:
            return split
        found.append((shared + (len(regions) < MINIMUM_REGIONS), split))
    if not found:
        raise TrainingError(
            "The stacks hold too little signal: fewer than two separate regions to train and "
            "validate on; capture more fields or a brighter sample."
        )
    return min(found, key=lambda one: one[0])[1]


def _sides(masks: Sequence[Mask], side: int) -> list[int]:
    """``side``, and smaller ones of which a whole number fits the smallest field."""
    length = min(min(mask.shape) for mask in masks)
    sides = [min(side, length)]
    for count in range(2, length // MINIMUM_SIDE + 1):
        # Squares in a row that share half of the wanted overlap with each neighbour on each axis.
        fitting = int(np.ceil(length / (count - (count - 1) * WANTED_OVERLAP / 2)))
        if MINIMUM_SIDE <= fitting < sides[-1]:
            sides.append(fitting)
    return sides


def _divided(
    regions: list[Numbered], masks: Sequence[Mask], rng: np.random.Generator
) -> Split | None:
    """Random regions for validation, of those that stand clear enough of the others."""
    if len(regions) < 2:
        return None
    order = [regions[i] for i in rng.permutation(len(regions))]
    wanted = max(1, len(order) - round(TRAINING_SHARE * len(order)))
    chosen: list[Numbered] = []
    for one in order:
        rest = [other for other in order if other not in chosen and other != one]
        if _usable(one, rest, masks) and len(chosen) < wanted:
            chosen.append(one)
    if not chosen:
        return None
    training = [one for one in order if one not in chosen]
    return training, [(n, _clear(r, _of(n, training), masks[n].shape)) for n, r in chosen]


def _usable(one: Numbered, others: list[Numbered], masks: Sequence[Mask]) -> bool:
    number, region = one
    free = _clear(region, _of(number, others), masks[number].shape)
    return free.side >= LEAST_LEFT * region.side and bool(masks[number][free.slices].any())


def _of(number: int, regions: list[Numbered]) -> list[Region]:
    return [region for n, region in regions if n == number]


def _clear(region: Region, others: list[Region], shape: tuple[int, ...]) -> Region:
    """The largest square of ``region`` that touches none of ``others``."""
    taken = np.zeros(shape, np.int32)
    for other in others:
        taken[other.slices] = 1
    table = np.pad(taken[region.slices].cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    low, high, best = 0, region.side, (0, 0)
    while low < high:  # halving: a smaller square fits wherever a larger one does
        size = (low + high + 1) // 2
        sums = table[size:, size:] - table[:-size, size:] - table[size:, :-size]
        free = np.argwhere(sums + table[:-size, :-size] == 0)
        if len(free):
            low, best = size, (int(free[0][0]), int(free[0][1]))
        else:
            high = size - 1
    return replace(region, y=region.y + best[0], x=region.x + best[1], side=low)
