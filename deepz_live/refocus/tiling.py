"""Images of any size through a network that wants sides of a certain multiple.

Small images go through in one piece. Above a pixel budget (memory) they go in tiles that overlap
by the network's margin, and of which only the part that does not depend on the cut is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A network: ``(N, C, Y, X)`` float32 to ``(N, P, Y, X)`` float32."""

PIXEL_BUDGET = 1536 * 1536
"""Pixels that go through the network at once; fixed, so that results can be repeated."""


@dataclass(frozen=True, slots=True)
class Span:
    """Along one axis: what the network sees (``start … stop``) and what is kept of it."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int


def run_image(
    run: Run,
    image: NDArray[np.float32],
    *,
    multiple: int,
    margin_px: int,
    pixel_budget: int = PIXEL_BUDGET,
) -> NDArray[np.float32]:
    """``image`` ``(N, C, Y, X)`` through ``run``: ``(N, P, Y, X)`` float32, cropped exactly.

    Sides are padded below and right with replication to a multiple of ``multiple``; tiles start
    at multiples too, so that pooling falls on the same pixels as without tiles.
    """
    height, width = image.shape[2:]
    pad_y, pad_x = -height % multiple, -width % multiple
    padded = image
    if pad_y or pad_x:
        padded = np.pad(image, ((0, 0), (0, 0), (0, pad_y), (0, pad_x)), mode="edge")
    full_y, full_x = padded.shape[2:]
    if full_y * full_x <= pixel_budget:
        return np.ascontiguousarray(run(padded)[:, :, :height, :width])
    tile = _tile_side(pixel_budget, multiple, margin_px)
    out: NDArray[np.float32] | None = None
    for y in spans(full_y, tile, multiple, margin_px):
        for x in spans(full_x, tile, multiple, margin_px):
            seen = np.ascontiguousarray(padded[:, :, y.start : y.stop, x.start : x.stop])
            made = run(seen)
            if out is None:
                out = np.empty((*made.shape[:2], full_y, full_x), np.float32)
            out[:, :, y.keep_start : y.keep_stop, x.keep_start : x.keep_stop] = made[
                :,
                :,
                y.keep_start - y.start : y.keep_stop - y.start,
                x.keep_start - x.start : x.keep_stop - x.start,
            ]
    if out is None:
        raise ValueError(f"An image of {height} × {width} px has no tile.")
    return np.ascontiguousarray(out[:, :, :height, :width])


def spans(length: int, tile: int, multiple: int, margin_px: int) -> Iterator[Span]:
    """Cut ``length`` (a multiple of ``multiple``) into tiles of at most ``tile`` with margins."""
    margin = _round_up(margin_px, multiple)
    core = max(tile - 2 * margin, multiple)
    for keep_start in range(0, length, core):
        keep_stop = min(keep_start + core, length)
        start, stop = max(keep_start - margin, 0), min(keep_stop + margin, length)
        yield Span(start, stop, keep_start, keep_stop)


def smallest_tile_px(multiple: int, margin_px: int) -> int:
    """Pixels of the smallest tile that :func:`run_image` makes, whatever the budget."""
    return _tile_side(0, multiple, margin_px) ** 2


def _tile_side(pixel_budget: int, multiple: int, margin_px: int) -> int:
    side = int(pixel_budget**0.5) // multiple * multiple
    # A tile that is mostly margin would cost many times the image: keep at least half of it.
    return max(side, 4 * _round_up(margin_px, multiple), multiple)


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
