"""What a picture says about its exposure, against pictures whose light is known."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.app.exposure import find_exposure, look

FULL = 4095
OFFSET = 100.0


def picture(exposure_ms, counts_per_ms, seed=0):
    """A dark field of offset and noise with a few spots of ``counts_per_ms``, clipped."""
    rng = np.random.default_rng(seed)
    counts = rng.normal(OFFSET, 4.0, (256, 256))
    for y, x in rng.integers(8, 248, (20, 2)):
        counts[y - 2 : y + 3, x - 2 : x + 3] += exposure_ms * counts_per_ms
    return np.clip(counts, 0, FULL).astype(np.uint16)


@pytest.mark.parametrize(
    "peak, verdict",
    [(0.0, "dark"), (20.0, "dark"), (100.0, "good"), (3000.0, "good"), (9000.0, "saturated")],
)
def test_a_picture_is_judged_by_its_structures_not_by_its_background(peak, verdict):
    assert look(picture(1.0, peak), FULL).verdict == verdict


def test_three_hot_pixels_are_no_sample():
    pixels = picture(1.0, 0.0)
    pixels[10, 10] = pixels[90, 20] = pixels[50, 200] = 2000
    assert look(pixels, FULL).verdict == "dark"


def test_what_is_saturated_is_told_as_a_share_of_the_pixels():
    pixels = picture(1.0, 0.0)
    pixels[:64, :] = FULL
    seen = look(pixels, FULL)
    assert seen.saturated == 0.25
    assert "25 % of the pixels" in seen.text


@pytest.mark.parametrize("counts_per_ms", [2.0, 30.0, 400.0])
@pytest.mark.parametrize("begin_ms", [1.0, 20.0, 300.0])
def test_auto_exposure_brings_the_structures_to_half_of_the_range(counts_per_ms, begin_ms):
    taken = []

    def snap(exposure_ms):
        taken.append(exposure_ms)
        return picture(exposure_ms, counts_per_ms, seed=len(taken))

    exposure_ms, text = find_exposure(snap, begin_ms, FULL)
    wanted = min((FULL / 2 - OFFSET) / counts_per_ms, 1000.0)
    assert exposure_ms == pytest.approx(wanted, rel=0.3)
    assert text.startswith("Good")
    assert len(taken) <= 6


def test_a_dark_field_ends_at_the_longest_exposure_and_says_so():
    exposure_ms, text = find_exposure(lambda _: picture(1.0, 0.0), 20.0, FULL)
    assert exposure_ms == 1000.0
    assert text.startswith("Too dark")
