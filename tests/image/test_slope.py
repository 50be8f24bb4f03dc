"""The steepest place of a surface is found, with its slope."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.dpm import Sinusoid, Tilt
from deepz_live.image.slope import sine_slope, steepest


def test_a_tilt_is_as_steep_as_its_tangent_in_every_direction():
    found = steepest(Tilt(30.0, 45.0).dpm((20, 30), 0.5), 0.5)
    assert found.slope == pytest.approx(np.hypot(np.tan(np.pi / 6), 1), rel=1e-3)


def test_a_step_is_found_where_it_is():
    dpm = np.zeros((20, 30), np.float32)
    dpm[:, 12:] = 3.0
    found = steepest(dpm, 0.5)
    assert (found.slope, found.x_px) == (pytest.approx(6.0), 11)


def test_a_sinusoid_has_the_slope_of_its_formula():
    dpm = Sinusoid(32.0, 4.0).dpm((4, 2000), 0.1)
    assert steepest(dpm, 0.1).slope == pytest.approx(sine_slope(32.0, 8.0), rel=1e-3)
