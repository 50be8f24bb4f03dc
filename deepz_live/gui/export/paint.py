"""How the panes look now, as functions that paint other frames alike on another thread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.export import Panel
from deepz_live.app.export.movie import Paint
from deepz_live.gui.display import Display
from deepz_live.gui.panes.colours import colour_table, depth_coded
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.gui.panes.pane import Pane
from deepz_live.image.levels import Levels, to_screen


def panel_of(
    pane: Pane,
    display: Display,
    grid: PaneGrid,
    channel: str,
    range_um: tuple[float, float] | None,
) -> Panel:
    """A pane with its title, levels, gamma and colours as they are at this moment."""
    levels = display.levels(pane, channel)
    if levels is None:
        return Panel(pane.cut, pane.title)
    table = colour_table(grid.colour_map) if grid.colour_map != "gray" else None
    return Panel(pane.cut, pane.title, _paint(levels, display.look.gamma, table, range_um))


def _paint(
    levels: Levels,
    gamma: float,
    table: NDArray[np.uint8] | None,
    range_um: tuple[float, float] | None,
) -> Paint:
    def paint(image: NDArray[Any]) -> NDArray[np.uint8]:
        if image.ndim == 3:  # brightness and depth
            screen = to_screen(image[0], levels, gamma)
            return screen if range_um is None else depth_coded(screen, image[1], range_um)
        screen = to_screen(image, levels, gamma)
        return screen if table is None else table[screen]

    return paint
