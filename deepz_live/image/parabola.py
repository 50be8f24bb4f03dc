"""Maxima between samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def vertex_offset(values: NDArray[np.floating], at: int) -> float:
    """Offset of a parabola's top through a maximum and its two neighbours, -0.5 … 0.5 samples.

    ``values`` is ``(N,)``, evenly spaced; 0 at either end.
    """
    if at == 0 or at == len(values) - 1:
        return 0.0
    left, top, right = (float(values[at + k]) for k in (-1, 0, 1))
    bend = left - 2 * top + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
