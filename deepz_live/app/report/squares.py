"""Which part of a field is looked at: the middle, where most is to be seen, and around a part."""

from __future__ import annotations

import numpy as np

from deepz_live.app.report.pairs import Box, Field

MARGIN_PX = 40
"""Light that falls into a part comes from as far as this around it."""


def central(shape: tuple[int, ...], side_px: int | None) -> Box:
    """The square of ``side_px`` in the middle, or all of it where that is less."""
    sides = [min(length, side_px or length) for length in shape]
    starts = [(length - side) // 2 for length, side in zip(shape, sides, strict=True)]
    return (slice(starts[0], starts[0] + sides[0]), slice(starts[1], starts[1] + sides[1]))


def busiest(field: Field, side_px: int | None) -> Box:
    """The square of ``side_px`` with the most signal in focus, or all of it where that is less.

    Where nothing is, every answer is right, and none can be told from another.
    """
    image = field.wanted(field.middle)
    best, place = -np.inf, central(image.shape, side_px)
    if side_px is None or side_px >= max(image.shape):
        return place
    side = min(side_px, *image.shape)
    for top in _starts(image.shape[0], side):
        for left in _starts(image.shape[1], side):
            box = (slice(top, top + side), slice(left, left + side))
            # Roots, so that many points count more than one bright one.
            signal = float(np.sqrt(np.maximum(image[box], 0)).sum())
            if signal > best:
                best, place = signal, box
    return place


def with_margin(shape: tuple[int, ...], inner: Box) -> tuple[Box, Box]:
    """``inner`` widened by up to ``MARGIN_PX`` within the image, and where it lies in that."""
    wide, inside = [], []
    for side, span in zip(shape, inner, strict=True):
        start, stop = max(span.start - MARGIN_PX, 0), min(span.stop + MARGIN_PX, side)
        wide.append(slice(start, stop))
        inside.append(slice(span.start - start, span.stop - start))
    return (wide[0], wide[1]), (inside[0], inside[1])


def _starts(length: int, side: int) -> range:
    return range(0, length - side + 1, max(side // 2, 1))
