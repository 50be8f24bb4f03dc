"""Exposures that a scan of the same planes would have taken more."""

from __future__ import annotations

import pytest

from deepz_live.app.light import LightMeter, planes_shown
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut

Z_UM = tuple(float(z) for z in range(-10, 11))


def test_five_planes_of_1240_frames() -> None:
    meter = LightMeter()
    for frames in (1, 200, 1240):
        meter.count(frames, 5, 20.0)
    assert meter.exposures == 4960
    assert meter.light_s == pytest.approx(99.2)
    assert meter.text == (
        "5 planes shown × 1240 frames: 4960 exposures of 20 ms saved (99.2 s of light)"
    )


def test_a_view_that_changes_is_added_up() -> None:
    meter = LightMeter()
    meter.count(100, 5, 10.0)
    meter.count(110, 41, 10.0)
    assert meter.exposures == 100 * 4 + 10 * 40
    assert meter.light_s == pytest.approx(8.0)


def test_the_same_frames_are_not_counted_twice() -> None:
    meter = LightMeter()
    meter.count(100, 5, 10.0)
    meter.count(100, 5, 10.0)
    assert meter.exposures == 400


def test_nothing_shown_saves_nothing() -> None:
    meter = LightMeter()
    meter.count(50, 0, 10.0)
    assert (meter.exposures, meter.text) == (0, "")


def test_planes_are_counted_once_and_a_projection_needs_all() -> None:
    assert planes_shown((PlaneCut(1.0), PlaneCut(1.0), PlaneCut(-3.0)), Z_UM) == 2
    assert planes_shown((PlaneCut(1.0), ProjectionCut("max")), Z_UM) == 21
    assert planes_shown((SectionCut("xz", 3.0),), Z_UM) == 21
    assert planes_shown((), Z_UM) == 0


def test_an_unknown_exposure_counts_exposures_and_claims_no_light():
    meter = LightMeter()
    meter.count(10, 5, 0.0)
    assert meter.exposures == 40
    assert meter.light_s == 0.0
    assert meter.text == "5 planes shown × 10 frames: 40 exposures saved"
