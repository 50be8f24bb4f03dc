"""Signal to noise of a bead whose height and noise are known."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.beads import find_beads, lateral_fwhm
from deepz_live.analysis.snr import background_noise, bead_snr


def test_snr_is_height_over_noise():
    rows, columns = np.indices((100, 100))
    noise = np.random.default_rng(1).normal(0, 5, (100, 100))
    image = 40 + 1000 * np.exp(-((rows - 50) ** 2 + (columns - 50) ** 2) / 2 / 1.8**2) + noise
    empty = (np.abs(rows - 50) > 15) | (np.abs(columns - 50) > 15)
    fits = lateral_fwhm(image, find_beads(image, 300), 0.325)
    (ratio,) = bead_snr(fits, background_noise(image, empty))
    assert ratio == pytest.approx(200, rel=0.05)


def test_a_background_without_noise_gives_no_number():
    image = np.zeros((60, 60))
    image[28:33, 28:33] = [[0, 1, 2, 1, 0], [1, 3, 5, 3, 1], [2, 5, 9, 5, 2],
                           [1, 3, 5, 3, 1], [0, 1, 2, 1, 0]]  # fmt: skip
    fits = lateral_fwhm(image, np.array([[30.0, 30.0]]), 1.0)
    assert np.isinf(bead_snr(fits, background_noise(image, image == 0))).all()
