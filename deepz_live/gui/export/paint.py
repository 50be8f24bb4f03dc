"""How the panes look now, as functions that paint other frames alike on another thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.export import Panel
from deepz_live.app.export.paint import Picture, of_one, overlaid
from deepz_live.gui.display import Display
from deepz_live.gui.panes.colours import colour_table, depth_coded
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.gui.panes.pane import Pane
from deepz_live.image.levels import Levels, to_screen


def panel_of(
    pane: Pane,
    display: Display,
    grid: PaneGrid,
    channels: Sequence[str],
    range_um: tuple[float, float] | None,
) -> Panel:
    """A pane with its title, levels, gamma and colours as they are at this moment.

    Several ``channels`` are laid over each other, in the colours that they have in the window.
    """
    known = {name: display.levels(pane, name) for name in channels}
    levels = {name: its for name, its in known.items() if its is not None}
    if len(levels) < len(known):
        return Panel(pane.cut, pane.title)
    gamma = display.look.gamma
    if len(channels) > 1:
        return Panel(pane.cut, pane.title, overlaid(levels, gamma, colours_in(display, channels)))
    table = colour_table(grid.colour_map) if grid.colour_map != "gray" else None
    (own,) = levels.values()
    paint = _Paint(own, gamma, table, range_um)
    return Panel(pane.cut, pane.title, of_one(paint))


def colours_in(display: Display, channels: Sequence[str]) -> Mapping[str, str]:
    """The colour of each channel in overlays."""
    return {name: display.channel_colour(name) for name in channels}


class _Paint:
    def __init__(
        self,
        levels: Levels,
        gamma: float,
        table: NDArray[np.uint8] | None,
        range_um: tuple[float, float] | None,
    ) -> None:
        self._levels, self._gamma = levels, gamma
        self._table, self._range_um = table, range_um

    def __call__(self, image: NDArray[Any]) -> Picture:
        if image.ndim == 3:  # brightness and depth
            screen = to_screen(image[0], self._levels, self._gamma)
            if self._range_um is None:
                return screen
            return depth_coded(screen, image[1], self._range_um)
        screen = to_screen(image, self._levels, self._gamma)
        return screen if self._table is None else self._table[screen]
