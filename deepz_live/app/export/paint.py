"""From the images of a pane to what is seen: grey, or channels in their colours over each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.levels import Levels, auto_levels, blend, to_screen

Picture = NDArray[np.uint8]
"""``(Y, X)`` grey, or ``(Y, X, 3)`` red, green, blue."""
Image = NDArray[np.generic]
"""``(Y, X)`` counts; of a depth projection ``(2, Y, X)``: brightness and depth."""
Layers = Mapping[str, Image]
"""What a pane shows of one moment: an image for each channel, in the order of the channels."""
Paint = Callable[[Layers], Picture]
GAMMA = 0.5


def flat(image: Image) -> Image:
    """Of a depth projection its brightness."""
    return image if image.ndim == 2 else image[0]


def grey(image: Image) -> Callable[[Image], Picture]:
    """Grey values with the levels of ``image``; of a depth projection its brightness alone."""
    levels = auto_levels(flat(image))
    return lambda other: to_screen(flat(other), levels, GAMMA)


def of_one(paint: Callable[[Image], Picture]) -> Paint:
    """For panes that show one channel."""
    return lambda layers: paint(next(iter(layers.values())))


def overlaid(levels: Mapping[str, Levels], gamma: float, colours: Mapping[str, str]) -> Paint:
    """Each channel between levels of its own and in its colour (one of
    :data:`~deepz_live.image.levels.COLOURS`), one over the other."""

    def paint(layers: Layers) -> Picture:
        return blend(
            {
                colours[name]: to_screen(flat(image), levels[name], gamma)
                for name, image in layers.items()
            }
        )

    return paint


def usual(first: Layers, colours: Mapping[str, str]) -> Paint:
    """With the levels of these images; several channels need ``colours``."""
    if len(first) == 1:
        return of_one(grey(next(iter(first.values()))))
    levels = {name: auto_levels(flat(image)) for name, image in first.items()}
    return overlaid(levels, GAMMA, colours)
