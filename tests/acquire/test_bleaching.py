"""What is looked at fades, what is not looked at does not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.acquire.conftest import Opener, small_profile

QUIET = {"noise": False, "exposure_ms": 10.0, "width_px": 64, "height_px": 64}
FLAT = {"kind": "beads-flat", "beads_per_100um2": 2.0, "background_photons": 40}
DARK = 100 + 20 / 0.46  # offset, and half the background's 40 electrons at half its exposure


def light(pixels: np.ndarray) -> float:
    """Counts above offset and background, summed over the frame."""
    return float((pixels.astype(float) - DARK).sum())


def test_light_falls_exponentially_with_exposure_and_the_background_stays(opened: Opener) -> None:
    specimen = FLAT | {"bleach_s": 0.2}
    microscope = opened(small_profile(camera=QUIET, specimen=specimen))
    frames = [light(microscope.snap().pixels) for _ in range(21)]
    assert frames[20] / frames[0] == pytest.approx(math.exp(-1), rel=0.01)
    assert frames[10] / frames[0] == pytest.approx(math.exp(-0.5), rel=0.01)


def test_a_field_never_lit_is_fresh_and_one_half_lit_half_bleached(opened: Opener) -> None:
    specimen = FLAT | {"bleach_s": 0.1}
    microscope = opened(small_profile(camera=QUIET, specimen=specimen))
    for _ in range(10):
        microscope.snap()
    field = 64 * 0.325
    left = microscope.built_in.view.bleaching.left
    assert left((0.0, 0.0)) == pytest.approx(math.exp(-1))
    assert left((0.0, field / 2)) == pytest.approx(math.exp(-0.5))
    assert left((0.0, field)) == 1.0


def test_nothing_bleaches_unless_it_is_asked_for_or_in_the_dark(opened: Opener) -> None:
    microscope = opened(small_profile(camera=QUIET, specimen=FLAT))
    first, last = (microscope.snap().pixels for _ in range(2))
    np.testing.assert_array_equal(first, last)
    fading = opened(small_profile(camera=QUIET, specimen=FLAT | {"bleach_s": 0.1}))
    fading.built_in.view.lamp_on = False
    fading.snap()
    assert fading.built_in.view.bleaching.left((0.0, 0.0)) == 1.0
