"""Few squares that hold all of the signal, and hardly overlap.

The paper takes "a minimal set of regions … that covered this mask, with ~5 % area overlaps" from
a greedy algorithm that it does not spell out. Here several greedy ones are run, each of their
answers is tidied up (squares slide apart, superfluous ones go), and the smallest one is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from deepz_live.train.patches import Region

Mask = NDArray[np.bool_]
Corner = tuple[int, int]

PENALTIES = (0.0, 0.5, 2.0)
"""What greed pays for a pixel taken twice, in pixels gained at the mask's mean density."""
TIDIED = 4
"""So many of the shortest answers are tidied up."""
TIDYING_ROUNDS = 3
SLIDES = 17
"""Positions tried along y and along x when a square slides."""


def cover(mask: Mask, side: int) -> list[Region]:
    """Squares that together hold every pixel of ``mask``: as few as found, then hardly overlapping.

    Parameters
    ----------
    mask
        ``(Y, X)`` bool.
    side
        Side of the squares in pixels; made smaller where the field is. All lie in the field.
    """
    if not mask.any():
        return []
    side = min(side, *mask.shape)
    answers = sorted(_greedy_answers(mask, side), key=len)[:TIDIED]
    tidied = [_tidied(mask, corners, side) for corners in answers]
    best = min(tidied, key=lambda corners: (len(corners), _shared(mask.shape, corners, side)))
    return [Region(y, x, side) for y, x in sorted(best)]


def overlap(regions: Sequence[Region]) -> float:
    """Part of the regions' area that is there more than once, 0 … 1."""
    if not regions:
        return 0.0
    shape = max(r.y + r.side for r in regions), max(r.x + r.side for r in regions)
    return 1 - np.count_nonzero(_counts(shape, [(r.y, r.x) for r in regions], regions[0].side)) / (
        sum(r.side**2 for r in regions)
    )


def _greedy_answers(mask: Mask, side: int) -> Iterator[list[Corner]]:
    for penalty in PENALTIES:
        yield _fullest_first(mask, side, penalty)
    height, width = mask.shape
    for flipped_y in (False, True):
        for flipped_x in (False, True):
            view = mask[:: -1 if flipped_y else 1, :: -1 if flipped_x else 1]
            for corners in (_shelves(view, side), [(y, x) for x, y in _shelves(view.T, side)]):
                yield [
                    (height - side - y if flipped_y else y, width - side - x if flipped_x else x)
                    for y, x in corners
                ]


def _fullest_first(mask: Mask, side: int, penalty: float) -> list[Corner]:
    """The square with the most uncovered signal first, less for what is taken already."""
    ys, xs = (_positions(length, side) for length in mask.shape)
    left, taken = mask.astype(np.int32), np.zeros(mask.shape, np.int32)
    gains = _box_sums(left, ys, xs, side)
    shared = np.zeros_like(gains)
    weight = penalty * float(mask.mean())
    corners: list[Corner] = []
    while gains.any():
        scores = np.where(gains > 0, gains - weight * shared, -np.inf)
        row, column = np.unravel_index(int(np.argmax(scores)), scores.shape)
        y, x = int(ys[row]), int(xs[column])
        corners.append((y, x))
        left[y : y + side, x : x + side] = 0
        taken[y : y + side, x : x + side] = 1
        rows, columns = _near(ys, y, side), _near(xs, x, side)
        for sums, image in ((gains, left), (shared, taken)):
            sums[rows, columns] = _box_sums(image, ys[rows], xs[columns], side)
    return corners


def _near(positions: NDArray[np.intp], start: int, side: int) -> slice:
    """Which squares overlap the one at ``start``."""
    low, high = np.searchsorted(positions, (start - side + 1, start + side))
    return slice(int(low), int(high))


def _shelves(mask: Mask, side: int) -> list[Corner]:
    """From the top: a shelf at the first uncovered row, filled from the left where signal is."""
    left = mask.copy()
    corners: list[Corner] = []
    while left.any():
        y = min(int(np.argmax(left.any(axis=1))), mask.shape[0] - side)
        while (columns := left[y : y + side].any(axis=0)).any():
            x = min(int(np.argmax(columns)), mask.shape[1] - side)
            corners.append((y, x))
            left[y : y + side, x : x + side] = False
    return corners


def _tidied(mask: Mask, corners: list[Corner], side: int) -> list[Corner]:
    """Every square slides to where it shares least, as long as it holds what it alone holds."""
    counts = _counts(mask.shape, corners, side)
    for _ in range(TIDYING_ROUNDS):
        kept: list[Corner] = []
        for y, x in corners:
            counts[y : y + side, x : x + side] -= 1
            own = mask[y : y + side, x : x + side] & (counts[y : y + side, x : x + side] == 0)
            if not own.any():
                continue
            y, x = _slid(counts, own, (y, x), side)
            counts[y : y + side, x : x + side] += 1
            kept.append((y, x))
        corners = kept
    return corners


def _slid(counts: NDArray[np.int32], own: Mask, corner: Corner, side: int) -> Corner:
    ys, xs = (
        _slides(start, np.flatnonzero(own.any(axis=1 - axis)), side, counts.shape[axis])
        for axis, start in enumerate(corner)
    )
    near = (slice(ys[0], ys[-1] + side), slice(xs[0], xs[-1] + side))
    shared = _box_sums(counts[near] > 0, ys - ys[0], xs - xs[0], side)
    row, column = np.unravel_index(int(np.argmin(shared)), shared.shape)
    return int(ys[row]), int(xs[column])


def _slides(start: int, own: NDArray[np.intp], side: int, length: int) -> NDArray[np.intp]:
    """Positions from which the square still holds the pixels ``own``, counted from ``start``."""
    low = max(0, start + int(own[-1]) - side + 1)
    high = min(length - side, start + int(own[0]))
    return np.unique(np.linspace(low, high, SLIDES).round().astype(np.intp))


def _positions(length: int, side: int) -> NDArray[np.intp]:
    stride = max(1, side // 16)
    return np.unique([*range(0, length - side + 1, stride), length - side]).astype(np.intp)


def _counts(shape: tuple[int, ...], corners: Sequence[Corner], side: int) -> NDArray[np.int32]:
    counts = np.zeros(shape, np.int32)
    for y, x in corners:
        counts[y : y + side, x : x + side] += 1
    return counts


def _shared(shape: tuple[int, ...], corners: Sequence[Corner], side: int) -> int:
    counts = _counts(shape, corners, side)
    return int(counts.sum()) - int(np.count_nonzero(counts))


def _box_sums(
    image: NDArray[np.int32] | Mask, ys: NDArray[np.intp], xs: NDArray[np.intp], side: int
) -> NDArray[np.int32]:
    """Sums over the squares at all ``ys`` × ``xs``, by a summed-area table (Crow 1984)."""
    part = image[ys[0] : ys[-1] + side, xs[0] : xs[-1] + side]
    table = np.zeros((part.shape[0] + 1, part.shape[1] + 1), np.int32)
    np.cumsum(part, axis=0, out=table[1:, 1:])
    np.cumsum(table[1:, 1:], axis=1, out=table[1:, 1:])
    ys, xs = ys - ys[0], xs - xs[0]
    rows = table[ys + side] - table[ys]
    return np.asarray(rows[:, xs + side] - rows[:, xs])
