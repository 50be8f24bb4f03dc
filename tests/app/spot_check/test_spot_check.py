"""A spot check goes where it may, comes back whatever happens, and tells good from bad."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from deepz_live.acquire.errors import AcquisitionAbortedError, MicroscopeError
from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.focus_lock import FocusLock
from deepz_live.app.spot_check.look import SnapLook
from deepz_live.app.spot_check.plan import SpotCheckError, check_distances
from deepz_live.app.spot_check.run import SpotCheck
from deepz_live.config import Stage
from deepz_live.image.normalization import Normalization
from deepz_live.refocus.drift import DriftSample
from deepz_live.session.files import to_json
from tests.app.spot_check.conftest import START_UM, profile_of, unchanged

DISTANCES = (-8.0, -4.0, -2.0, 2.0, 4.0, 8.0)


def check_of(microscope, model, refocus, **options) -> SpotCheck:
    return SpotCheck(microscope, model, SnapLook(microscope), refocus, **options)


def heights_of(microscope) -> list[float]:
    """Every height that the stage is sent to from now on."""
    visited: list[float] = []
    stage = microscope.built_in.view.z
    go = stage.set_position_um

    def remembered(z_um: float) -> None:
        visited.append(round(z_um, 3))
        go(z_um)

    stage.set_position_um = remembered
    return visited


def as_found(microscope) -> bool:
    return microscope.z_um == START_UM and not microscope.core.getShutterOpen()


def test_a_perfect_network_agrees_with_its_report(microscope, model, oracle) -> None:
    visited = heights_of(microscope)
    said = []
    result = check_of(microscope, model, oracle, report=said.append).run()
    assert visited == [START_UM + dz for dz in DISTANCES] + [START_UM]
    assert as_found(microscope)
    assert oracle.seen == [DISTANCES]
    assert result.verdict.level == "green", result.verdict.text
    assert [row.dz_um for row in result.rows] == list(DISTANCES)
    for row in result.rows:
        assert row.scores["corr"] > 0.9 > row.unrefocused["corr"]
        assert row.scores["rmse"] < row.unrefocused["rmse"]
    assert result.repeat_corr > 0.95
    assert [one.done for one in said] == list(range(len(said)))
    assert said[-1].steps == len(said)


def test_a_network_that_does_nothing_is_red(microscope, model) -> None:
    result = check_of(microscope, model, unchanged).run()
    assert result.verdict.level == "red"
    assert "no better than leaving it" in result.verdict.text


def test_a_network_worse_than_its_report_is_amber_and_then_red(microscope, model, oracle) -> None:
    def spoiled(amount: float):
        def refocus(frame, distances_um):
            planes = oracle(frame, distances_um)
            noise = np.random.default_rng(0).normal(0, amount, planes.shape)
            return (planes + noise).astype(np.float32)

        return refocus

    levels = [
        check_of(microscope, model, spoiled(amount)).run().verdict.level for amount in (0, 60, 3000)
    ]
    assert levels[0] == "green"
    assert levels[-1] == "red"


def test_the_result_is_written_with_its_values_and_says_what_is_inferred(
    microscope, model, oracle
) -> None:
    result = check_of(microscope, model, oracle, wall_clock=lambda: 1234.5).run()
    facts = json.loads(to_json(result.facts()))
    assert facts["level"] == "green"
    assert facts["bundle"]["name"] == "by hand"
    assert (facts["z_um"], facts["made_s"]) == (START_UM, 1234.5)
    assert "inferred" in facts["inferred"]
    row = facts["distances"][0]
    assert row["dz_um"] == -8.0
    assert row["report"]["corr"] == 0.9
    assert set(row["refocused"]) >= {"corr", "ssim", "rmse"}
    assert set(row["unrefocused"]) == set(row["refocused"])


def test_without_a_report_nothing_is_promised(microscope, model, oracle) -> None:
    model.facts = model.facts.model_copy(update={"quality": ()})
    result = check_of(microscope, model, oracle).run()
    assert result.verdict.level == "amber"
    assert "holds no report" in result.verdict.text


def test_planes_beyond_the_limits_are_left_out(model, oracle) -> None:
    with open_microscope(profile_of(z_max_um=7.0)) as microscope:
        visited = heights_of(microscope)
        result = check_of(microscope, model, oracle).run()
        assert [row.dz_um for row in result.rows] == [-8.0, -4.0, -2.0, 2.0, 4.0]
        assert max(visited) <= 7.0


def test_without_room_nothing_moves(model, oracle) -> None:
    with open_microscope(profile_of(z_max_um=2.5, z_min_um=1.5)) as microscope:
        visited = heights_of(microscope)
        with pytest.raises(SpotCheckError, match=r"limits of 1.5 … 2.5 µm leave room for 0 of 6"):
            check_of(microscope, model, oracle).run()
        assert visited == []


def test_other_pixels_or_another_modality_are_refused(microscope, model, oracle) -> None:
    other = model.facts.model_copy(update={"pixel_size_um": 0.65})
    crossmodal = model.facts.model_copy(
        update={"target_normalization": Normalization(background_counts=0, scale_counts=1)}
    )
    with pytest.raises(SpotCheckError, match="another modality"):
        check_distances(crossmodal, 0.0, Stage())
    model.facts = other
    visited = heights_of(microscope)
    with pytest.raises(SpotCheckError, match=r"0.325 µm wide and the model's 0.65 µm"):
        check_of(microscope, model, oracle).run()
    assert visited == []


def test_a_short_sided_model_is_checked_within_its_range(facts) -> None:
    lopsided = facts.model_copy(update={"z_planes_um": (-2.0, -1.0, 0.0, 5.0, 10.0)})
    assert check_distances(lopsided, 0.0, Stage()) == (-2.0, -1.0, 5.0, 10.0)


def test_an_abort_brings_the_focus_back(microscope, model, oracle) -> None:
    def at_plus_2(progress) -> None:
        if progress.text == "+2 µm":
            check.abort()

    check = check_of(microscope, model, oracle, report=at_plus_2)
    visited = heights_of(microscope)
    with pytest.raises(AcquisitionAbortedError, match="focus is back where it began"):
        check.run()
    assert visited[-1] == START_UM
    assert START_UM + 2.0 not in visited
    assert as_found(microscope)
    assert oracle.seen == []


def test_a_camera_that_comes_loose(microscope, model, oracle) -> None:
    microscope.built_in.camera.fails_at = 3
    with pytest.raises(MicroscopeError, match=r"took no picture .*came loose"):
        check_of(microscope, model, oracle).run()
    assert as_found(microscope)


def test_a_stage_that_stays_where_it_is(microscope, model, oracle) -> None:
    def deafen(progress) -> None:
        microscope.built_in.view.z.deaf = progress.text == "-2 µm"

    with pytest.raises(MicroscopeError, match=r"stands at -2.00 µm instead of 0.00 µm"):
        check_of(microscope, model, oracle, report=deafen).run()
    assert not microscope.core.getShutterOpen()
    microscope.built_in.view.z.deaf = False
    microscope.move_z(START_UM)


def test_a_stage_that_is_stuck_for_good_is_said_even_after_an_abort(
    microscope, model, oracle
) -> None:
    def both(progress) -> None:
        if progress.text == "+2 µm":
            microscope.built_in.view.z.deaf = True
            check.abort()

    check = check_of(microscope, model, oracle, report=both)
    with pytest.raises(MicroscopeError, match=r"stands at 0.00 µm instead of 2.00 µm"):
        check.run()
    microscope.built_in.view.z.deaf = False


class Lock:
    """A focus lock that remembers."""

    def __init__(self, locked: bool) -> None:
        self.locked = locked
        self.calls: list[str] = []

    def lock(self) -> None:
        self.locked = True
        self.calls.append("lock")

    def unlock(self) -> None:
        if self.locked:
            self.locked = False
            self.calls.append("unlock")

    def set_aside(self, on: bool) -> None:
        self.calls.append("aside" if on else "here")


class Streamed(SnapLook):
    """Snaps, but says that a stream goes on."""

    streaming = True


def test_a_focus_lock_lets_go_meanwhile_and_holds_again(microscope, model, oracle) -> None:
    held, free = Lock(locked=True), Lock(locked=False)
    for lock in (held, free):
        look = Streamed(microscope)
        SpotCheck(microscope, model, look, oracle, lock=lock).run()
    assert held.calls == ["unlock", "aside", "here", "lock"]
    assert free.calls == ["aside", "here"]


def test_a_focus_lock_does_not_hold_where_a_stuck_stage_stands(microscope, model, oracle) -> None:
    def deafen(progress) -> None:
        microscope.built_in.view.z.deaf = progress.text == "-2 µm"

    lock = Lock(locked=True)
    with pytest.raises(MicroscopeError, match="instead of"):
        SpotCheck(microscope, model, Streamed(microscope), oracle, lock=lock, report=deafen).run()
    assert not lock.locked
    microscope.built_in.view.z.deaf = False


class Slow:
    """The microscope as a focus lock sees it: a move waits until ``go`` is set."""

    def __init__(self, microscope) -> None:
        self._microscope = microscope
        self.profile, self.clock = microscope.profile, microscope.clock
        self.under_way, self.go = threading.Event(), threading.Event()

    @property
    def z_um(self) -> float:
        return self._microscope.z_um

    def move_z(self, z_um: float) -> None:
        self.under_way.set()
        assert self.go.wait(20)
        self._microscope.move_z(z_um)


def test_a_check_begins_where_a_move_of_the_lock_ended(microscope, model, oracle) -> None:
    scope = Slow(microscope)
    lock = FocusLock(scope)
    lock.lock()
    for time_s in (1.0, 2.0):
        lock.step(DriftSample(time_s, 0.0, 0.0, 0.0, 0.9), START_UM)
    lock.on_event.append(lambda *_, **__: scope.go.set())  # as it is told to let go
    sunk = DriftSample(3.0, 1.0, 0.0, 0.0, 0.9)
    mover = threading.Thread(target=lock.step, args=(sunk, START_UM))
    mover.start()
    assert scope.under_way.wait(20)
    result = SpotCheck(microscope, model, Streamed(microscope), oracle, lock=lock).run()
    mover.join()
    assert result.z_um == pytest.approx(START_UM + 0.7)
    assert microscope.z_um == result.z_um
    assert lock.locked


def test_a_check_that_is_refused_leaves_the_lock_holding(model, oracle) -> None:
    with open_microscope(profile_of(z_max_um=2.5, z_min_um=1.5)) as microscope:
        lock = Lock(locked=True)
        with pytest.raises(SpotCheckError):
            SpotCheck(microscope, model, Streamed(microscope), oracle, lock=lock).run()
        assert lock.locked
