"""Uneven brightness in space, the same on whatever grid it is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.density import Floats


def patches(
    z: Floats,
    y: Floats,
    x: Floats,
    *,
    waves: NDArray[np.float64],
    rate: float = 2.5,
    depth: float = 0.6,
) -> Floats:
    """Brightness between ``1 - depth`` and ``1 + depth`` at places µm that broadcast together.

    Parameters
    ----------
    waves
        ``(N, 4)`` normally distributed numbers: direction and phase of each plane wave.
    rate
        Radians per µm of the slowest wave; 2.5 gives patches about 1 µm wide.
    """
    value = np.zeros(np.broadcast_shapes(z.shape, y.shape, x.shape), np.float32)
    for a, b, c, phase in waves:
        speed = np.float32((rate + abs(phase)) / np.sqrt(a * a + b * b + c * c))
        value += np.sin((a * z + b * y + c * x) * speed + np.float32(3 * phase))
    return np.asarray(1 + np.float32(depth) * np.tanh(value * np.float32(0.65)))
