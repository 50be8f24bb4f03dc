"""Signal to noise of beads in an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.beads import BeadFit


def bead_snr(beads: Sequence[BeadFit], noise: float) -> NDArray[np.float64]:
    """Signal-to-noise ratio of every bead (as in the paper's Fig. S1).

    The signal is the fitted peak's height above the bead's surroundings.

    Parameters
    ----------
    beads
        Fits of beads in one image.
    noise
        :func:`background_noise` of that image.

    Returns
    -------
    ``(N,)``; infinite where the background has no noise at all.
    """
    heights = np.array([bead.amplitude for bead in beads], np.float64)
    return heights / noise if noise > 0 else np.full(len(heights), np.inf)


def background_noise(image: NDArray[np.floating], background: NDArray[np.bool_]) -> float:
    """Standard deviation of the pixels of ``image`` ``(Y, X)`` that hold no bead."""
    return float(np.std(image[background], dtype=np.float64))
