"""From counts to the 8 bits of the screen, with fixed levels; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOW_PERCENT = 1.0
HIGH_PERCENT = 99.8
SAMPLES = 20_000
"""About so many pixels decide on the levels: enough for the percentiles, cheap enough for a GUI."""
STRIP_PIXELS = 32_768


@dataclass(frozen=True, slots=True)
class Levels:
    """Counts shown as black and as full brightness."""

    low: float
    high: float

    def towards(self, other: Levels, share: float) -> Levels:
        """``share`` of the way to ``other``, so that the picture does not flicker."""
        return Levels(
            self.low + share * (other.low - self.low), self.high + share * (other.high - self.high)
        )


def auto_levels(*images: NDArray[Any]) -> Levels:
    """The 1 and 99.8 percentile of all pixels of images ``(Y, X)``, in counts.

    Taken on every n-th row and column. A flat image gets levels one count apart.
    """
    parts = [sampled(image, len(images)) for image in images]
    pooled = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if pooled.size == 0:
        return Levels(0.0, 1.0)
    low, high = (float(value) for value in np.percentile(pooled, (LOW_PERCENT, HIGH_PERCENT)))
    return Levels(low, max(high, low + 1.0))


def sampled(image: NDArray[Any], among: int = 1) -> NDArray[np.float32]:
    """About 20 000 pixels of ``(Y, X)``, evenly spread, as ``(N,)``; of ``among`` images a share.

    Of a depth-coded image ``(2, Y, X)`` those of its brightness. What is no number is left out.
    """
    flat = image[0] if image.ndim == 3 else image
    step = max(1, int(np.sqrt(flat.size * among / SAMPLES)))
    values = np.asarray(flat[::step, ::step], dtype=np.float32).ravel()
    return values[np.isfinite(values)]


def to_screen(image: NDArray[Any], levels: Levels, gamma: float = 1.0) -> NDArray[np.uint8]:
    """``(Y, X)`` counts to uint8: ``((counts - low) / (high - low)) ** gamma``, clipped.

    What is no number is black. Worked off in strips that stay in the processor's cache.
    """
    height, width = image.shape
    screen = np.empty((height, width), np.uint8)
    rows = max(1, STRIP_PIXELS // max(width, 1))
    strip = np.empty((min(rows, height), width), np.float32)
    low, scale = np.float32(levels.low), np.float32(1.0 / (levels.high - levels.low))
    for top in range(0, height, rows):
        part = image[top : top + rows]
        scaled = strip[: len(part)]
        np.subtract(part, low, out=scaled, dtype=np.float32)
        scaled *= scale
        np.fmax(scaled, 0.0, out=scaled)  # of NaN and 0 that is 0
        np.minimum(scaled, 1.0, out=scaled)
        if gamma == 0.5:
            np.sqrt(scaled, out=scaled)
        elif gamma != 1.0:
            np.power(scaled, np.float32(gamma), out=scaled)
        scaled *= np.float32(255.0)
        screen[top : top + rows] = scaled
    return screen


COLOURS = {
    "magenta": (1, 0, 1),
    "green": (0, 1, 0),
    "cyan": (0, 1, 1),
    "yellow": (1, 1, 0),
    "red": (1, 0, 0),
    "blue": (0, 0, 1),
    "gray": (1, 1, 1),
}
"""Red, green and blue of overlaid channels; the first ones are taken in their order.

The first two are told apart by every eye.
"""


def blend(screens: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Grey images ``(Y, X)`` uint8 by colour → one ``(Y, X, 3)``, clipped at white."""
    total = np.zeros((*next(iter(screens.values())).shape, 3), np.uint16)
    for colour, screen in screens.items():
        total += screen[:, :, None] * np.array(COLOURS[colour], np.uint16)
    mixed: NDArray[np.uint8] = np.minimum(total, 255).astype(np.uint8)
    return mixed


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of an image that a pane can show, every ``step``-th pixel of it."""

    top: int
    bottom: int
    left: int
    right: int
    step: int

    def of(self, image: NDArray[Any]) -> NDArray[Any]:
        """A view on ``image`` ``(Y, X)``; nothing is copied."""
        return image[self.top : self.bottom : self.step, self.left : self.right : self.step]


def crop_for(
    shape: tuple[int, int], x0: float, y0: float, width: float, height: float, screen_px: float
) -> Crop:
    """What to convert for a pane that shows ``width x height`` pixels from ``(x0, y0)``.

    ``screen_px`` is the pane's width on the screen. A 2048² camera in a 400 px pane costs as
    little as a 512² one: pixels that the screen cannot show are not converted.
    """
    step = max(1, int(width / max(screen_px, 1.0)))
    top = _down(y0, step, shape[0])
    left = _down(x0, step, shape[1])
    bottom = min(shape[0], max(top + step, int(np.ceil(y0 + height)) + step))
    right = min(shape[1], max(left + step, int(np.ceil(x0 + width)) + step))
    return Crop(top, bottom, left, right, step)


def _down(value: float, step: int, limit: int) -> int:
    """The multiple of ``step`` at or below ``value``, inside ``0 … limit - step``."""
    highest = max(0, (limit - 1) // step * step)
    return int(min(max(0, int(value) // step * step), highest))
