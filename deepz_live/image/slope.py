"""How steep a surface is, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Steepest:
    """The steepest place of a surface: µm of height per µm sideways, at a pixel."""

    slope: float
    y_px: int
    x_px: int


def steepest(dpm: NDArray[np.floating], pixel_size_um: float) -> Steepest:
    """Where ``dpm`` ``(Y, X)`` in µm rises quickest, by differences of neighbouring pixels."""
    height, width = dpm.shape
    down, right = np.zeros((height, width)), np.zeros((height, width))
    down[:-1] = np.diff(dpm, axis=0)
    right[:, :-1] = np.diff(dpm, axis=1)
    slopes = np.hypot(down, right) / pixel_size_um
    y, x = divmod(int(np.argmax(slopes)), width)
    return Steepest(float(slopes[y, x]), y, x)


def sine_slope(period_um: float, range_um: float) -> float:
    """Largest slope of a sinusoid that swings by ``range_um`` from trough to crest."""
    return float(np.pi * range_um / period_um)
