"""Widths of beads whose width is known."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.beads import axial_fwhm, find_beads, lateral_fwhm

PIXEL_UM = 0.325
RNG = np.random.default_rng(0)


def blob(shape, centre, sigma, amplitude=1000.0):
    grids = np.indices(shape)
    exponent = sum((g - c) ** 2 / (2 * s**2) for g, c, s in zip(grids, centre, sigma, strict=True))
    return amplitude * np.exp(-exponent)


def test_lateral_width_of_a_gaussian_is_its_fwhm() -> None:
    image = 100 + blob((80, 80), (40.3, 38.7), (1.6, 2.0)) + RNG.normal(0, 5, (80, 80))
    centres = find_beads(image, 300)
    (fit,) = lateral_fwhm(image, centres, PIXEL_UM)
    assert fit.fwhm_um == pytest.approx(2.3548 * 1.8 * PIXEL_UM, rel=0.02)
    assert (fit.y_px, fit.x_px) == pytest.approx((40.3, 38.7), abs=0.05)


def test_axial_width_of_a_gaussian_is_its_fwhm() -> None:
    planes = blob((81, 40, 40), (42.0, 20.0, 20.0), (3.0, 1.6, 1.6))
    widths = axial_fwhm(planes, np.array([[20.0, 20.0]]), 0.5)
    assert widths[0] == pytest.approx(2.3548 * 3.0 * 0.5, rel=0.01)


def test_beads_too_close_to_each_other_or_the_rim_are_left_out() -> None:
    image = np.zeros((120, 120))
    for centre in ((60, 60), (20, 20), (20, 28), (5, 90)):
        image += blob((120, 120), centre, (1.5, 1.5))
    centres = find_beads(image, 300)
    assert centres == pytest.approx(np.array([[60.0, 60.0]]), abs=0.1)


def test_a_dark_image_has_no_beads() -> None:
    assert len(find_beads(np.zeros((64, 64)), 1.0)) == 0


def test_axial_width_on_the_81_planes_of_the_paper_with_noise() -> None:
    planes = 100 + blob((81, 60, 60), (38.0, 30.0, 29.6), (4.0, 1.5, 1.5))
    planes += RNG.normal(0, 10, planes.shape)
    (width,) = axial_fwhm(planes, np.array([[30.0, 29.6]]), 0.5)
    assert width == pytest.approx(2.3548 * 4.0 * 0.5, rel=0.03)


def test_what_is_no_bead_is_a_failure_and_not_a_width() -> None:
    rows, columns = np.indices((60, 60))
    slope = (rows + columns).astype(float)
    assert lateral_fwhm(slope, np.array([[30.0, 30.0]]), PIXEL_UM) == []
    assert lateral_fwhm(np.full((60, 60), 7.0), np.array([[30.0, 30.0]]), PIXEL_UM) == []
    planes = np.repeat(blob((60, 60), (30, 30), (1.5, 1.5))[None], 41, axis=0)
    assert np.isnan(axial_fwhm(planes, np.array([[30.0, 30.0]]), 0.5)).all()


def test_beads_of_a_stack_are_found_with_the_plane_in_which_they_are_in_focus():
    from deepz_live.analysis.beads import beads_in_stack

    z, y, x = np.indices((21, 120, 160), dtype=np.float64)
    stack = np.full(z.shape, 100.0)
    places = [(6, 40, 40), (13, 80, 70), (0, 40, 120)]
    for bead in places:
        wide = 1.5 + 0.5 * np.abs(z - bead[0])
        stack += 4000 / wide**2 * np.exp(-((y - bead[1]) ** 2 + (x - bead[2]) ** 2) / 2 / wide**2)
    centres, focus = beads_in_stack(stack)
    found = sorted(zip(focus.tolist(), np.rint(centres).astype(int).tolist(), strict=True))
    # The third has its focus in the first plane, so nobody knows whether it is there.
    assert found == [(6, [40, 40]), (13, [80, 70])]
