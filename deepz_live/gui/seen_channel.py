"""Which of several channels the operator means: what a pane shows, or shows most of at a place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.gui.display import Display
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.gui.panes.pane import Pane
from deepz_live.image.levels import Levels
from deepz_live.refocus.cuts import SectionCut

AROUND_PX = 5
"""A structure is as near to a click as this."""


def channel_shown(display: Display, grid: PaneGrid) -> str | None:
    """The one channel that the panes show; None where there are several, or no picture."""
    layers = display.layers(grid.raw)
    return next(iter(layers)) if len(layers) == 1 else None


def channel_at(
    display: Display, grid: PaneGrid, number: int, at: tuple[float, float]
) -> str | None:
    """The channel that a pane shows; of several, the one that is brightest around (y, x).

    ``at`` is in pixels of the frame. Brightest on the screen: each channel between its own levels,
    as the eye sees it. A pane whose cut is still to be made counts as the raw one. None without a
    picture.
    """
    pane = grid.panes[number]
    if not display.layers(pane):
        pane = grid.raw
    lit: dict[str, float] = {}
    for channel, image in display.layers(pane).items():
        levels = display.levels(pane, channel)
        lit[channel] = 0.0 if levels is None else _light(_part(pane, image, at), levels)
    return max(lit, key=lambda channel: lit[channel], default=None)


def _light(part: NDArray[Any], levels: Levels) -> float:
    """The brightest pixel, 0 where the levels begin and 1 where they end."""
    brightest = float(np.nanmax(part, initial=levels.low))
    return (brightest - levels.low) / (levels.high - levels.low)


def _part(pane: Pane, image: NDArray[Any], at: tuple[float, float]) -> NDArray[Any]:
    """The surroundings of a place; in a section all depths of it."""
    flat = image[0] if image.ndim == 3 else image
    rows, columns = _near(at[0], flat.shape[0]), _near(at[1], flat.shape[1])
    if isinstance(pane.cut, SectionCut):
        return flat[:, columns] if pane.cut.axis == "xz" else flat[rows]
    return flat[rows, columns]


def _near(place: float, length: int) -> slice:
    middle = min(max(int(place), 0), length - 1)
    return slice(max(0, middle - AROUND_PX), middle + AROUND_PX + 1)
