"""Several images on one sheet, each with its title and scale bar; text is burnt in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepz_live.app.export.paint import Picture
from deepz_live.session.lettering import INK, text_size, write_text

TEXT_PX = 15
GAP_PX = 8
LEAST_CELL_PX = 280
"""Smaller images are drawn with larger pixels, so that a title fits over them."""
MOST_CELL_PX = 1100
"""Of larger ones every second (third …) pixel is drawn."""
GROUND = 14
BAR_SHARE = 0.25
_NICE = tuple(m * 10.0**e for e in range(-2, 5) for m in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class Cell:
    """An image of the sheet: ``title``, and its size ``(Y, X)`` in pixels."""

    title: str
    shape: tuple[int, int]


class Sheet:
    """Where images, titles and the two lines at the bottom go; the same for all frames.

    Parameters
    ----------
    pixel_size_um
        For the scale bars.
    columns
        Images side by side.
    foot
        The line that says what was inferred, and by what.
    """

    def __init__(
        self, cells: Sequence[Cell], *, pixel_size_um: float, columns: int, foot: str
    ) -> None:
        self._cells = tuple(cells)
        self._columns = max(1, min(columns, len(self._cells)))
        self._pixel_size_um = pixel_size_um
        self._foot = foot
        widest = max(cell.shape[1] for cell in self._cells)
        self._larger = max(1, math.ceil(LEAST_CELL_PX / widest))
        self._every = max(1, math.ceil(widest / MOST_CELL_PX))
        self._head = text_size("µ|g", TEXT_PX)[0] + 6
        self._height = max(self._drawn(cell.shape[0]) for cell in self._cells)
        self._width = self._drawn(widest)

    @property
    def size(self) -> tuple[int, int]:
        """``(Y, X)`` of the sheet, even numbers."""
        rows = math.ceil(len(self._cells) / self._columns)
        height = GAP_PX + rows * (self._head + self._height + GAP_PX) + 2 * self._head
        width = GAP_PX + self._columns * (self._width + GAP_PX)
        width = max(width, text_size(self._foot, TEXT_PX)[1] + 2 * GAP_PX)
        return height + height % 2, width + width % 2

    def draw(self, pictures: Sequence[Picture], stamp: str) -> Picture:
        """The sheet ``(Y, X, 3)`` uint8 with these images, ``(Y, X)`` or ``(Y, X, 3)`` uint8.

        ``stamp`` is the line over the foot: time, frame.
        """
        sheet = np.full((*self.size, 3), GROUND, np.uint8)
        for number, (cell, picture) in enumerate(zip(self._cells, pictures, strict=True)):
            row, column = divmod(number, self._columns)
            top = GAP_PX + row * (self._head + self._height + GAP_PX)
            left = GAP_PX + column * (self._width + GAP_PX)
            write_text(sheet, cell.title, (top, left), TEXT_PX)
            self._place(sheet, picture, top + self._head, left)
        bottom = self.size[0] - 2 * self._head
        write_text(sheet, stamp, (bottom, GAP_PX), TEXT_PX)
        write_text(sheet, self._foot, (bottom + self._head, GAP_PX), TEXT_PX)
        return sheet

    def _drawn(self, length: int) -> int:
        return math.ceil(length / self._every) * self._larger

    def _place(self, sheet: Picture, picture: Picture, top: int, left: int) -> None:
        drawn = picture[:: self._every, :: self._every]
        drawn = drawn.repeat(self._larger, axis=0).repeat(self._larger, axis=1)
        if drawn.ndim == 2:
            drawn = drawn[:, :, None]
        target = sheet[top : top + drawn.shape[0], left : left + drawn.shape[1]]
        target[...] = drawn
        self._draw_bar(target)

    def _draw_bar(self, target: Picture) -> None:
        um_per_px = self._pixel_size_um * self._every / self._larger
        if um_per_px <= 0:
            return
        longest_um = target.shape[1] * um_per_px * BAR_SHARE
        length_um = max((length for length in _NICE if length <= longest_um), default=_NICE[0])
        length = round(length_um / um_per_px)
        text = f"{length_um:g} µm"
        height, width = text_size(text, TEXT_PX)
        high = height + 14
        if target.shape[0] < high + 4:
            return
        ground = target[-high:, : max(length, width) + 16]
        ground[...] = ground // 2
        write_text(target, text, (target.shape[0] - high + 2, 8), TEXT_PX)
        target[-7:-4, 8 : 8 + length] = INK
