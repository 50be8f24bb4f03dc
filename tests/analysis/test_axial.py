"""Axial widths against profiles whose widths are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deepz_live.analysis.axial import axial_fwhm, axial_widths

STEP_UM = 0.5


def gaussian(z_um: np.ndarray, fwhm_um: float, centre_um: float = 0.0) -> np.ndarray:
    sigma = fwhm_um / (2 * math.sqrt(2 * math.log(2)))
    return np.exp(-(((z_um - centre_um) / sigma) ** 2) / 2)


def test_the_width_of_a_gaussian_on_a_floor_is_its_fwhm() -> None:
    z_um = np.arange(-20, 21) * STEP_UM
    profile = 7 + 3 * gaussian(z_um, 4.0)
    assert axial_fwhm(profile, 20, STEP_UM) == pytest.approx(4.0, rel=0.02)


def test_a_profile_that_ends_too_soon_has_no_width() -> None:
    assert axial_fwhm(np.array([1.0, 2.0, 3.0, 2.9, 2.8]), 2, STEP_UM) == math.inf


def test_widths_are_taken_at_the_same_places_in_all_stacks() -> None:
    z_um = np.arange(-20, 21) * STEP_UM
    image = np.zeros((40, 40))
    image[10, 12] = image[30, 25] = 1.0
    truth = gaussian(z_um, 2.0)[:, None, None] * image
    thick = gaussian(z_um, 5.0, centre_um=1.0)[:, None, None] * image
    widths = axial_widths(truth, {"thick": thick}, STEP_UM)
    np.testing.assert_allclose(widths["truth"], [2.0, 2.0], rtol=0.03)
    np.testing.assert_allclose(widths["thick"], [5.0, 5.0], rtol=0.03)
