"""Looking closely: seldom, never twice at once, each channel in turn; and what badges say."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.app.trust.likeness import Likeness
from deepz_live.app.trust.reason import Reason
from deepz_live.app.trust.round_trip import RoundTrip
from deepz_live.app.trust.watch import EVERY_S, Probe, TrustWatch, extent_um, probe
from deepz_live.config import Optics
from deepz_live.image.dpm import Tilt
from deepz_live.image.free import Free
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut, SurfaceCut
from deepz_live.refocus.questions import Snapshot
from deepz_live.refocus.stack import ArrayStack
from deepz_live.refocus.view import Shift
from tests.app.trust.test_reasons import INFO, Shifting, usual_frame
from tests.clock import Time

GOOD = Likeness((), same_pixels=True, compared=True)


class Asked:
    """A live session that remembers who asked for what."""

    def __init__(self, bundle, channels=()) -> None:
        self.engine = SimpleNamespace(bundle=bundle)
        self.engines = {}
        self.channels = channels
        self.source = SimpleNamespace(info=replace(INFO, channels=channels))
        self.questions = []

    def ask(self, work, channel=None):
        future = Future()
        self.questions.append((channel, work, future))
        return future


def seen(channel="TexasRed", corr=0.95, likeness=GOOD, shift_um=0.0, seconds=0.1) -> Probe:
    return Probe(channel, likeness, RoundTrip(3.0, corr), shift_um, seconds)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def watch(time, bundle):
    watch = TrustWatch(time)
    watch.use(Asked(bundle), Optics())
    return watch


def test_a_look_is_taken_at_once_and_then_every_five_seconds(time, watch) -> None:
    first = watch.look()
    assert first is not None
    first.set_result(None)
    watch.take(seen())
    time.now += EVERY_S - 0.1
    assert watch.look() is None
    time.now += 0.2
    assert watch.look() is not None


def test_no_second_look_is_asked_for_while_one_is_under_way(time, watch) -> None:
    assert watch.look() is not None
    time.now += 100
    assert watch.look() is None


def test_a_slow_network_is_asked_less_often(time, watch) -> None:
    watch.look().set_result(None)
    watch.take(seen(seconds=2.0))
    time.now += 39
    assert watch.look() is None
    time.now += 2
    assert watch.look() is not None


def test_channels_have_their_turns(time, bundle) -> None:
    live = Asked(bundle, ("A", "B"))
    watch = TrustWatch(time)
    watch.use(live)
    for _ in range(3):
        watch.look().set_result(None)
        time.now += EVERY_S
    assert [channel for channel, _, _ in live.questions] == ["A", "B", "A"]


def test_a_badge_is_as_bad_as_its_worst_reason(watch) -> None:
    assert watch.badge(PlaneCut(3.0)).level == "green"  # the distance is known from the start
    watch.take(seen())
    assert watch.badge(PlaneCut(3.0)).level == "green"
    assert watch.badge(PlaneCut(9.8)).level == "amber"
    watch.take(seen(corr=0.3))
    assert watch.badge(PlaneCut(3.0)).level == "red"
    watch.take(seen())
    watch.spot_checked(Reason("spot check", "amber", "Below the report."), "")
    badge = watch.badge(PlaneCut(3.0))
    assert badge.level == "amber"
    assert [reason.topic for reason in badge.reasons] == [
        "distance", "likeness", "round trip", "spot check",
    ]  # fmt: skip


def test_another_session_knows_nothing_of_the_last_one(watch, bundle) -> None:
    watch.take(seen(corr=0.1))
    watch.spot_checked(Reason("spot check", "red", "Far below."), "")
    watch.use(Asked(bundle))
    assert [reason.level for reason in watch.badge(PlaneCut(1.0)).reasons] == [
        "green", None, None, None,
    ]  # fmt: skip
    watch.use(None)
    assert watch.badge(PlaneCut(1.0)) is None
    assert watch.look() is None


def test_compensation_moves_the_planes_that_are_judged(watch) -> None:
    watch.take(seen(shift_um=3.0))
    assert watch.badge(PlaneCut(8.0)).level == "green"
    assert watch.badge(PlaneCut(8.0), compensated=True).level == "red"


def test_cuts_are_judged_by_all_depths_they_are_made_of(watch) -> None:
    assert watch.badge(ProjectionCut("max")).level == "green"
    assert watch.badge(SectionCut("xz", 5.0)).level == "green"
    steep = SurfaceCut(Tilt(60.0, 0.0))
    assert watch.badge(steep).level == "red"
    assert watch.badge(SurfaceCut(Tilt(5.0, 0.0))).level == "green"


def test_a_coarse_grid_finds_the_ends_of_a_surface() -> None:
    info = replace(INFO, shape=(512, 512))
    low, high = extent_um(Tilt(2.0, 0.0), info)
    exact = Tilt(2.0, 0.0).dpm((512, 512), 0.325)
    assert low == pytest.approx(exact.min(), abs=0.2)
    assert high == pytest.approx(exact.max(), abs=0.2)
    flat = Free.of(np.zeros((22, 22)), 8.0)
    low, high = extent_um(flat.raised(20.0, -30.0, 4.0, 24.0), info)
    assert low == pytest.approx(0.0, abs=0.1)
    assert high == pytest.approx(4.0, abs=0.4)


def test_a_probe_sends_the_planes_of_the_stack_back(bundle) -> None:
    frame = usual_frame()
    engine = Shifting(bundle)
    planes = np.stack([np.roll(frame.pixels, round(z), axis=1) for z in bundle.facts.z_planes_um])
    stack = ArrayStack(planes.astype(np.float32), bundle.facts.z_planes_um)
    snapshot = Snapshot(frame, stack, bundle.facts.z_planes_um, 0.325, engine, Shift(dz_um=0.7))
    found = probe(snapshot, INFO, Optics())
    assert found.trip.corr == pytest.approx(1.0, abs=1e-4)
    assert found.shift_um == 0.7
    assert found.likeness.compared
    assert found.channel == "TexasRed"
