"""A scene whose answer is known: beads on a tilted plane."""

from __future__ import annotations

import numpy as np
from fakes import SHAPE, Z_PLANES_UM, FakeCamera, FakeEngine

from deepz_live.image.dpm import Tilt

PIXEL_UM = 0.325
TILT = Tilt(6.0, -3.0, 1.0)
PLACES = [(y, x) for y in range(16, SHAPE[0] - 10, 32) for x in range(16, SHAPE[1] - 10, 32)]
"""(row, column) of the beads."""
EMPTY = (32, 32)
"""A place without a bead."""


def tilted_volume():
    """``(Z, Y, X)`` float32 counts, sharp along :data:`TILT`."""
    heights = TILT.dpm(SHAPE, PIXEL_UM)
    noise = np.random.default_rng(1).normal(100.0, 3.0, (len(Z_PLANES_UM), *SHAPE))
    volume = noise.astype(np.float32)
    y, x = np.indices((31, 31)) - 15
    r2 = y * y + x * x
    for row, column in PLACES:
        crop = (slice(max(row - 15, 0), row + 16), slice(max(column - 15, 0), column + 16))
        for plane, height in zip(volume, Z_PLANES_UM, strict=True):
            width = np.hypot(1.2, 0.4 * (height - heights[row, column]))
            spot = 4000 / width**2 * np.exp(-r2 / (2 * width**2))
            part = plane[crop]
            part += spot[: part.shape[0], : part.shape[1]]
    return volume


def tilted_scene():
    """Engine and camera of that scene."""
    volume = tilted_volume()
    frame = np.random.default_rng(0).poisson(volume[len(volume) // 2]).astype(np.uint16)
    return FakeEngine(volume), FakeCamera(frame)


def height_at(row, column):
    """True height of the surface in µm."""
    return float(TILT.dpm(SHAPE, PIXEL_UM)[row, column])


def part_of(window, name):
    """A feature of the window by the name of its class."""
    return next(part for part in window.parts if type(part).__name__ == name)


def spot_of(pane, row, column):
    """Where the centre of a pixel lies on a pane's canvas."""
    return pane.canvas.spot(row + 0.5, column + 0.5).toPoint()


def value_of(pane, row, column):
    """Brightest grey value of what a pane shows within a pixel of a place."""
    picture = pane.picture
    rows = picture.shape[0] / SHAPE[0]
    y, x = round(row * rows), round(column * picture.shape[1] / SHAPE[1])
    return int(picture[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].max())


def painted(pane, colour, tolerance=40):
    """How many pixels of a pane's canvas have about a colour ``#rrggbb``."""
    image = pane.canvas.grab().toImage()
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    count = 0
    for y in range(0, image.height(), 2):
        for x in range(0, image.width(), 2):
            seen = image.pixelColor(x, y)
            found = (seen.red(), seen.green(), seen.blue())
            count += max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < tolerance
    return count
