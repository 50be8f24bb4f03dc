"""At which depth of a virtual (or mechanical) stack is a structure sharpest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass

from deepz_live.image.focus import sharpness

Planes = NDArray[np.generic]
Floats = NDArray[np.float64]

WINDOW_UM = 5.0
"""Side of the window that is looked at: a click lands within 2 µm of what was meant."""
FEWEST_PX = 9
SURROUNDINGS_PX = 96
"""Side of the region that tells how noisy the planes are."""
NOISE_SAMPLES = 50_000
FAINTEST = 2.0
"""Structure stands out by so many standard deviations of the noise. Empty places of the built-in
microscope reach 1.6, beads that are 8 µm out of focus 60."""
LEAST = 0.1
"""Below this confidence there is nothing to focus on."""
RIVAL = 0.5
"""What is left of the confidence where a second depth is just as sharp: one of both is right."""


@dataclass(frozen=True, slots=True)
class BestFocus:
    """Where a structure is in focus.

    Attributes
    ----------
    depth_um
        In the coordinates of the planes; between two of them by a parabola.
    y_px, x_px
        Centre of the structure in its sharpest plane.
    confidence
        0 … 1: how far the sharpest plane stands above the noise and above the other planes, less
        where a second depth is nearly as sharp. 0 where there is nothing to focus on.
    at_end
        The first or last plane is the sharpest: the focus lies there or beyond.
    """

    depth_um: float
    y_px: float
    x_px: float
    confidence: float
    at_end: bool

    @property
    def found(self) -> bool:
        """Whether there is anything to focus on."""
        return self.confidence > 0


def best_focus(
    planes: Planes,
    z_planes_um: tuple[float, ...],
    at_px: tuple[float, float],
    pixel_size_um: float,
) -> BestFocus:
    """The depth at which the structure around a place is sharpest.

    Sharpness is the standard deviation of the window (the paper's focus criterion), less what
    the noise makes of it; a parabola through its logarithm at the best three planes gives the
    depth between planes.

    Parameters
    ----------
    planes
        ``(Z, Y, X)`` counts at ``z_planes_um`` (ascending, evenly spaced).
    at_px
        (y, x) in pixels; moved inside where it lies beyond the image.
    """
    shape = (planes.shape[1], planes.shape[2])
    side_px = max(round(WINDOW_UM / pixel_size_um), FEWEST_PX)
    rows, columns = around(at_px, side_px, shape)
    down, right = around(at_px, SURROUNDINGS_PX, shape)
    noise = noise_of(planes[:, down, right])
    window = planes[:, rows, columns]
    curve = signal(sharpness(window), noise)
    depth, confidence = depths(curve[:, None], float(noise.max()), z_planes_um)
    best = int(np.argmax(curve))
    y, x = _centre(window[best])
    return BestFocus(
        float(depth[0]),
        rows.start + y,
        columns.start + x,
        float(confidence[0]),
        best in (0, len(curve) - 1),
    )


def around(at_px: tuple[float, float], side_px: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a square around (y, x), as far as it lies in an image of ``shape``."""
    half = side_px // 2
    middles = (round(min(max(at, 0.0), side - 1.0)) for at, side in zip(at_px, shape, strict=True))
    rows, columns = (
        slice(max(middle - half, 0), min(middle + half + 1, side))
        for middle, side in zip(middles, shape, strict=True)
    )
    return rows, columns


def noise_of(planes: Planes) -> Floats:
    """``(Z,)`` standard deviation of the noise of planes ``(Z, Y, X)``, whatever lies in them.

    The median magnitude of the differences of differences of neighbouring pixels: structures are
    smooth beside it, and rare.
    """
    stride = max(1, planes[0].size // NOISE_SAMPLES)
    found = []
    for plane in planes:
        values = np.asarray(plane, np.float32)
        down = values[1::stride] - values[:-1:stride]
        steps = np.diff(down, axis=1) / 2
        found.append(float(np.median(np.abs(steps))) / 0.6745 if steps.size else 0.0)
    return np.array(found)


def signal(deviations: Floats, noise: Floats) -> Floats:
    """Standard deviations ``(Z, …)`` without the share of the noise ``(Z,)`` of their plane."""
    power = deviations**2 - noise.reshape(-1, *[1] * (deviations.ndim - 1)) ** 2
    return np.sqrt(np.maximum(power, 0.0))


def depths(curves: Floats, noise: float, z_planes_um: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Depth of best focus ``(N,)`` µm and confidence ``(N,)`` of curves ``(Z, N)``."""
    z = np.asarray(z_planes_um, np.float64)
    index = np.arange(curves.shape[1])
    best = curves.argmax(axis=0)
    inner = best.clip(1, max(len(z) - 2, 1))
    low, top, high = (
        np.log(np.maximum(curves[(inner + step).clip(0, len(z) - 1), index], 1e-9))
        for step in (-1, 0, 1)
    )
    bend = low - 2 * top + high
    shift = np.where(bend < 0, 0.5 * (low - high) / np.where(bend < 0, bend, 1.0), 0.0)
    spacing = float(np.diff(z).mean())
    found = z[inner] + spacing * shift.clip(-0.5, 0.5)
    depth = np.where(best == inner, found, z[best])

    peak = curves[best, index]
    contrast = 1 - np.median(curves, axis=0) / np.maximum(peak, 1e-9)
    clear = 1 - FAINTEST * noise / np.maximum(peak, 1e-9)
    alone = 1 - RIVAL * _second(curves, best) / np.maximum(peak, 1e-9)
    confidence = contrast.clip(0, 1) * clear.clip(0, 1) * alone.clip(0, 1)
    return depth, np.where(confidence >= LEAST, confidence, 0.0)


def _second(curves: Floats, best: NDArray[np.intp]) -> Floats:
    """Height of the highest other summit ``(N,)`` above the lowest plane between it and the best.

    A shoulder of the same summit does not count.
    """
    rows = np.arange(len(curves))[:, None]
    # Between a plane and the best one: the lowest value on the way there.
    left = np.where(rows <= best, curves, np.inf)
    right = np.where(rows >= best, curves, np.inf)
    way = np.where(
        rows <= best,
        np.minimum.accumulate(left[::-1], axis=0)[::-1],
        np.minimum.accumulate(right, axis=0),
    )
    return np.asarray((curves - way).max(axis=0))


def _centre(window: Planes) -> tuple[float, float]:
    values = np.asarray(window, np.float64)
    weights = np.maximum(values - np.median(values), 0.0) ** 2
    if not weights.any():
        return (window.shape[0] - 1) / 2, (window.shape[1] - 1) / 2
    down, right = center_of_mass(weights)
    return float(down), float(right)
