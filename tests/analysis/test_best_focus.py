"""Depth of best focus on stacks whose answer is known, and silence where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.best_focus import best_focus

Z_UM = tuple(float(z) for z in np.arange(-10.0, 10.1, 0.5))
SHAPE = (96, 128)
PIXEL_UM = 0.325
PLACE = (40.3, 61.8)


def beads(*points, noise=5.0, seed=0):
    """``(Z, Y, X)``: beads at (z, y, x) that blur with defocus, over 100 counts with noise."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(SHAPE)
    stack = rng.normal(100.0, noise, (len(Z_UM), *SHAPE))
    for z, row, column in points:
        for plane, height in zip(stack, Z_UM, strict=True):
            width = np.hypot(1.2, 0.9 * (height - z))
            r2 = (y - row) ** 2 + (x - column) ** 2
            plane += 4000 / width**2 * np.exp(-r2 / (2 * width**2))
    return stack.astype(np.float32)


@pytest.mark.parametrize("depth", [-7.8, -0.2, 0.0, 3.14, 8.0])
def test_a_bead_is_focused_between_the_planes_and_centred(depth):
    found = best_focus(beads((depth, *PLACE)), Z_UM, (PLACE[0] + 3, PLACE[1] - 4), PIXEL_UM)
    assert found.depth_um == pytest.approx(depth, abs=0.1)
    assert (found.y_px, found.x_px) == pytest.approx(PLACE, abs=0.3)
    assert found.confidence > 0.7
    assert not found.at_end


@pytest.mark.parametrize("where", [(10.0, 10.0), (90.0, 120.0), (-5.0, 400.0)])
def test_nothing_is_found_where_nothing_is(where):
    found = best_focus(beads((2.0, *PLACE)), Z_UM, where, PIXEL_UM)
    assert not found.found
    assert found.confidence == 0


def test_noise_in_one_plane_alone_is_no_structure():
    # A planes model returns its input at 0 µm with all of the camera's noise, and smooths others.
    stack = beads(noise=0.2)
    stack[len(Z_UM) // 2] = beads(noise=12.0, seed=1)[0]
    found = [
        best_focus(stack, Z_UM, (y, x), PIXEL_UM).found
        for y in range(10, 90, 10)
        for x in range(10, 120, 10)
    ]
    assert not any(found)


def test_light_that_is_the_same_in_every_plane_cannot_be_focused():
    flat = np.repeat(beads((0.0, *PLACE))[20:21], len(Z_UM), axis=0)
    assert not best_focus(flat, Z_UM, PLACE, PIXEL_UM).found


def test_two_beads_above_each_other_are_trusted_less_than_one():
    one = best_focus(beads((-5.0, *PLACE)), Z_UM, PLACE, PIXEL_UM)
    two = best_focus(beads((-5.0, *PLACE), (5.0, *PLACE)), Z_UM, PLACE, PIXEL_UM)
    assert two.found
    assert two.confidence < 0.7 * one.confidence


def test_a_focus_at_the_end_of_the_range_says_so():
    found = best_focus(beads((12.0, *PLACE)), Z_UM, PLACE, PIXEL_UM)
    assert found.at_end
    assert found.depth_um == Z_UM[-1]
