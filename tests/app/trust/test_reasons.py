"""The reasons: distance, likeness, round trip; each level, with its values in the sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deepz_live.app.trust.distance import judge_distance
from deepz_live.app.trust.likeness import Likeness, compare_frame, judge_likeness
from deepz_live.app.trust.reason import worst
from deepz_live.app.trust.round_trip import RoundTrip, judge_round_trip, round_trip, typical
from deepz_live.config import Optics
from deepz_live.image.normalization import Normalization
from deepz_live.refocus.check import check_optics
from deepz_live.stream.frame import Frame, StreamInfo
from tests.app.trust.conftest import quality

INFO = StreamInfo((64, 64), "uint16", 0.325, 20.0, "TexasRed", 20.0, "test")


def frame_of(pixels: np.ndarray) -> Frame:
    return Frame(pixels.astype(np.uint16), 0, 0.0, 0.0, 20.0, "TexasRed")


def usual_frame(background: float = 100.0) -> Frame:
    pixels = np.full((64, 64), background)
    pixels[20:24, 20:24] = 900
    return frame_of(pixels)


@pytest.mark.parametrize(
    ("low", "high", "level", "said"),
    [
        (3.0, 3.0, "green", "correlation 0.90"),
        (0.0, 0.0, "green", "0.0 µm is within the model's range of -10 … +10 µm. The frame itself"),
        (0.04, 0.04, "green", "still in focus there."),
        (1.0, 1.0, "green", "correlation 0.90 with the scan."),
        (9.5, 9.5, "amber", "near the end"),
        (11.0, 11.0, "red", "+11.0 µm leaves the model's range of -10 … +10 µm"),
        (-10.0, 10.0, "green", "-10.0 … +10.0 µm"),
        (-4.0, 10.5, "red", "leaves"),
    ],
)
def test_a_distance_is_judged_by_the_range(facts, low, high, level, said) -> None:
    found = judge_distance(facts, low, high)
    assert found.level == level
    assert said in found.text


@pytest.mark.parametrize("distance", [0.0, -0.0, 0.02, -0.049])
def test_no_distance_is_written_as_a_zero_with_a_sign(facts, distance) -> None:
    found = judge_distance(facts, distance, distance)
    assert found.text.startswith("0.0 µm is within")
    both = judge_distance(facts, distance, 5.0)
    assert both.text.startswith("0.0 … +5.0 µm")


def test_a_distance_at_which_the_report_shows_no_gain_is_red(facts) -> None:
    rows = tuple(quality(z, 0.6, 0.7 if z == 5 else 0.4) for z in (-5.0, 5.0))
    poor = facts.model_copy(update={"quality": rows})
    assert judge_distance(poor, 5.0, 5.0).level == "red"
    assert "0.60 against 0.70" in judge_distance(poor, 5.0, 5.0).text
    assert judge_distance(poor, -5.0, -5.0).level == "green"
    assert judge_distance(poor, -10.0, 10.0).level == "red"


def test_a_usual_frame_on_the_usual_microscope_is_green(bundle) -> None:
    found = judge_likeness(compare_frame(bundle, usual_frame(), INFO, Optics()))
    assert found.level == "green", found.text


@pytest.mark.parametrize(
    ("changes", "level", "said"),
    [
        ({"pixel_size_um": 0.65}, "red", "Pixel size 0.65"),
        ({"exposure_ms": 40.0}, "amber", "Exposure 40 ms"),
        ({"channel": "FITC"}, "amber", "'FITC'"),
    ],
)
def test_what_differs_of_the_stream_is_said(bundle, changes, level, said) -> None:
    found = judge_likeness(compare_frame(bundle, usual_frame(), replace(INFO, **changes)))
    assert found.level == level
    assert said in found.text


def test_another_objective_is_amber(bundle) -> None:
    optics = Optics(na=1.4, magnification=60)
    found = judge_likeness(compare_frame(bundle, usual_frame(), INFO, optics))
    assert found.level == "amber"
    assert "Numerical aperture 1.4" in found.text
    assert "Magnification 60" in found.text
    assert check_optics(bundle, Optics()) == ()


def test_a_frame_that_looks_otherwise_is_red_and_says_in_what(bundle) -> None:
    found = judge_likeness(compare_frame(bundle, usual_frame(background=300), INFO))
    assert found.level == "red"
    assert "its background is brighter" in found.text


def test_nothing_known_is_no_level(facts) -> None:
    assert judge_likeness(None).level is None
    assert judge_round_trip(facts, None).level is None
    assert worst([None, "green", None, "amber"]) == "amber"
    assert worst([None, None]) is None


@pytest.mark.parametrize(
    ("corr", "level"), [(0.95, "green"), (0.82, "green"), (0.75, "amber"), (0.5, "red")]
)
def test_a_round_trip_is_judged_by_the_spread_of_known_frames(facts, corr, level) -> None:
    found = judge_round_trip(facts, RoundTrip(3.0, corr))
    assert found.level == level
    assert f"{corr:.2f}" in found.text
    assert "0.90 ± 0.05" in found.text


def test_without_a_reference_the_value_is_told_and_nothing_claimed(facts) -> None:
    bare = facts.model_copy(update={"reference": None})
    found = judge_round_trip(bare, RoundTrip(3.0, 0.4))
    assert found.level is None
    assert "0.40" in found.text


def test_a_model_of_another_modality_cannot_be_sent_back(facts) -> None:
    other = facts.model_copy(
        update={"target_normalization": Normalization(background_counts=1, scale_counts=2)}
    )
    assert judge_round_trip(other, None).level is None
    assert "another modality" in judge_round_trip(other, None).text


class Shifting:
    """A network to which depth is a move sideways; it adds noise of its own."""

    def __init__(self, bundle, noise: float = 0.0) -> None:
        self.bundle, self.noise = bundle, noise
        self.asked: list[float] = []

    def surface(self, pixels, dpm):
        self.asked.append(float(dpm.flat[0]))
        rng = np.random.default_rng(len(self.asked))
        moved = np.roll(np.asarray(pixels, np.float32), round(self.asked[-1]), axis=1)
        return moved + rng.normal(0, self.noise, moved.shape).astype(np.float32)


def test_the_way_back_is_the_way_there_reversed(bundle) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.normal(500, 100, (64, 64)).astype(np.float32)
    engine = Shifting(bundle)
    away = np.stack([np.roll(pixels, -3, axis=1), np.roll(pixels, 3, axis=1)])
    assert round_trip(engine, pixels, away, 3.0).corr == pytest.approx(1.0, abs=1e-4)
    assert engine.asked == [3.0, -3.0]
    confused = round_trip(Shifting(bundle), pixels, away[::-1], 3.0)
    assert confused.corr < 0.5


def test_noise_that_the_network_adds_counts_against_it(bundle) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.normal(500, 100, (64, 64)).astype(np.float32)
    away = np.stack([np.roll(pixels, -3, axis=1), np.roll(pixels, 3, axis=1)])
    trips = [round_trip(Shifting(bundle, noise), pixels, away, 3.0) for noise in (0, 50, 400)]
    assert trips[0].corr > trips[1].corr > trips[2].corr
    usual = typical(trips)
    assert usual.n == 3
    assert usual.corr == pytest.approx(np.mean([trip.corr for trip in trips]))


def test_sentences_of_several_differences_stand_together() -> None:
    found = judge_likeness(
        Likeness(("One.", "Two."), same_pixels=True, strangest="peak", widths=1.0, compared=True)
    )
    assert found.level == "amber"
    assert found.text.startswith("One. Two. The frame does not look like")
    assert "darker" in found.text
