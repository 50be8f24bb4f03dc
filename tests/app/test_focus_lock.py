"""The focus lock on the built-in microscope, in simulated time; its limits; when it gives up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.app.focus_lock import FocusLock, FocusLockError, FocusLockSettings
from deepz_live.config import Profile, Stage
from deepz_live.refocus.drift import DriftSample
from deepz_live.stream.frame import Frame
from tests.clock import Time

LATENCY_S = 1.4
NOISE_UM = 0.05
ESTIMATE_RANGE_UM = 8.0
"""Offsets beyond this cannot be measured by the drift estimation."""


@pytest.fixture
def microscope() -> Iterator[Microscope]:
    time = Time()
    profile = Profile(
        name="test",
        camera={"width_px": 32, "height_px": 32},
        stage={"z_min_um": -20, "z_max_um": 20, "speed_um_s": 100},
    )
    with open_microscope(profile, clock=time, sleep=time.sleep) as opened:
        yield opened


def minutes_of_holding(
    microscope: Microscope, drift_um, minutes: float, *, confidence=lambda _: 0.8
) -> tuple[FocusLock, np.ndarray, np.ndarray]:
    """The lock fed with the true drift plus noise, seen ``LATENCY_S`` late, once a second.

    Returned with it: the focus error and the stage's height in every second.
    """
    rng = np.random.default_rng(0)
    clock = microscope.clock
    began = clock()
    microscope.built_in.view.drift = drift_um  # from now on, seconds since it was opened
    began_view = microscope.built_in.view.began_s
    lock = FocusLock(microscope)
    lock.lock()
    reference_z_um = microscope.z_um
    zero_um = microscope.truth.drift_um(clock())[0]
    errors, heights = [], []
    seen: list[tuple[DriftSample, float]] = []
    while clock() - began < 60 * minutes:
        true_um = microscope.truth.drift_um(clock())[0] - zero_um
        offset_um = true_um - (microscope.z_um - reference_z_um)
        errors.append(offset_um)
        heights.append(microscope.z_um)
        sure = confidence(clock() - began_view) if abs(offset_um) < ESTIMATE_RANGE_UM else 0.0
        measured = true_um + rng.normal(0, NOISE_UM)
        if sure < 0.3:
            measured = rng.uniform(-20, 20)
        seen.append((DriftSample(clock(), measured, 0.0, 0.0, sure), microscope.z_um))
        while seen and clock() - seen[0][0].time_s >= LATENCY_S:
            lock.step(*seen.pop(0))
        microscope.sleep(1.0)
    return lock, np.array(errors), np.array(heights)


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def walk_and_step(time_s: float) -> tuple[float, float, float]:
    """1 µm a minute, and 5 µm at once after four minutes."""
    return time_s / 60 + (5.0 if time_s > 240 else 0.0), 0.0, 0.0


def test_ten_minutes_of_walk_and_a_step_of_five_micrometres_are_held(microscope: Microscope):
    lock, errors, heights = minutes_of_holding(microscope, walk_and_step, 10)
    assert rms(errors) < 0.5
    assert np.abs(errors[:200]).max() < 0.5
    assert np.abs(errors[-300:]).max() < 0.5
    assert heights[-1] - heights[0] == pytest.approx(15, abs=0.5)
    assert lock.locked
    assert lock.status.moves < 200  # not a move for every breath of noise


def test_the_same_without_the_lock_is_lost(microscope: Microscope):
    """What the test above is worth: the sample really moves away."""
    microscope.built_in.view.drift = walk_and_step
    microscope.sleep(600)
    assert microscope.truth.drift_um(microscope.clock())[0] > 14.5


def test_the_limits_of_the_stage_stop_the_lock_before_they_are_reached(
    microscope: Microscope, monkeypatch: pytest.MonkeyPatch
):
    asked: list[float] = []
    move = microscope.core.setPosition
    monkeypatch.setattr(
        microscope.core, "setPosition", lambda *where: (asked.append(where[-1]), move(*where))[1]
    )
    lock, _, heights = minutes_of_holding(microscope, lambda t: (t / 10, 0, 0), 5)
    assert lock.status.state == "stopped"
    assert "leaving the limits" in lock.status.text
    assert "-20 … 20 µm" in lock.status.text
    assert asked
    assert max(asked) <= 20
    assert heights.max() <= 20


def test_low_confidence_moves_nothing_and_then_stops_and_says_so(microscope: Microscope):
    lock, errors, heights = minutes_of_holding(
        microscope, walk_and_step, 2, confidence=lambda t: 0.8 if t < 60 else 0.1
    )
    assert lock.status.state == "stopped"
    assert "could not be measured in 5 frames" in lock.status.text
    assert "confidence 0.10, at least 0.30" in lock.status.text
    assert np.ptp(heights[-55:]) == 0
    assert rms(errors[:60]) < 0.5


def test_a_doubtful_frame_now_and_then_is_passed_over(microscope: Microscope):
    lock, errors, _ = minutes_of_holding(
        microscope, walk_and_step, 10, confidence=lambda t: 0.1 if int(t) % 3 == 0 else 0.8
    )
    assert lock.locked
    assert rms(errors) < 0.5


@dataclass
class Stage32:
    """A stage that says what it was asked; ``fails`` makes the next move raise."""

    z_um: float = 0.0
    fails: bool = False
    now: float = 0.0
    moves: list[float] = field(default_factory=list)
    profile: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(stage=Stage(z_min_um=-60, z_max_um=60))
    )

    def clock(self) -> float:
        return self.now

    def move_z(self, z_um: float) -> None:
        if self.fails:
            raise MicroscopeError("The focus stage stands at 0.00 µm instead of 1.00 µm; check it.")
        self.moves.append(z_um)
        self.z_um = z_um
        self.now += 0.1


def locked(stage: Stage32, **settings) -> FocusLock:
    lock = FocusLock(stage, FocusLockSettings(**settings))
    lock.lock()
    for _ in range(2):
        feed(lock, stage, 0.0)
    return lock


def feed(lock: FocusLock, stage: Stage32, dz_um: float, confidence: float = 0.9):
    stage.now += 1.0
    return lock.step(DriftSample(stage.now, dz_um, 0, 0, confidence), stage.z_um)


def test_deadband_gain_and_step_limit():
    stage = Stage32()
    lock = locked(stage, deadband_um=0.2, gain=0.5, step_um=2.0)
    assert feed(lock, stage, 0.19).kind == "hold"
    assert feed(lock, stage, 1.0).z_um == 0.5
    assert feed(lock, stage, 20.0).z_um == 2.5
    assert feed(lock, stage, -20.0).z_um == 0.5
    assert stage.moves == [0.5, 2.5, 0.5]


def test_range_limit_counts_from_where_the_focus_was_locked():
    stage = Stage32(z_um=30.0)
    lock = locked(stage, range_um=4.0, step_um=3.0)
    assert feed(lock, stage, 4.0).kind == "move"
    action = feed(lock, stage, 30.0)
    assert action.kind == "stopped"
    assert "from where the focus was locked, at most 4 µm" in lock.status.text
    assert stage.moves == [pytest.approx(32.8)]
    assert feed(lock, stage, 40.0).kind == "hold"


def test_a_frame_from_before_the_end_of_a_move_is_not_used():
    stage = Stage32()
    lock = locked(stage)
    assert feed(lock, stage, 1.0).kind == "move"
    late = DriftSample(stage.now - 0.05, 1.0, 0, 0, 0.9)
    assert lock.step(late, 0.0).kind == "hold"
    assert len(stage.moves) == 1


def test_a_stage_that_counts_backwards_is_noticed_instead_of_running_away():
    """The content moves away from focus by what the stage goes towards it."""
    stage = Stage32()
    lock = locked(stage)
    actions = []
    for _ in range(40):
        offset_um = 0.5 + stage.z_um  # a right stage would give 0.5 - z
        actions.append(feed(lock, stage, offset_um + stage.z_um).kind)
        if actions[-1] == "stopped":
            break
    assert actions[-1] == "stopped"
    assert "larger" in lock.status.text
    assert abs(stage.z_um) < 10


def test_who_moves_the_stage_by_hand_is_followed_not_fought():
    stage = Stage32()
    lock = locked(stage)
    stage.z_um = 3.0
    for _ in range(5):
        feed(lock, stage, 0.0)
    assert stage.moves == []
    assert feed(lock, stage, 1.0).z_um == pytest.approx(3.7)


def test_a_new_reference_is_held_from_where_the_stage_is():
    stage = Stage32()
    lock = locked(stage)
    feed(lock, stage, 1.0)
    lock.restart()
    for _ in range(5):
        feed(lock, stage, 0.0)
    assert stage.moves == [0.7]
    assert lock.locked


def test_a_stage_that_fails_ends_the_lock_with_its_sentence():
    stage = Stage32(fails=True)
    lock = locked(stage)
    feed(lock, stage, 1.0)
    assert lock.status.state == "stopped"
    assert "stands at 0.00 µm instead of 1.00 µm" in lock.status.text


def test_events_tell_of_every_move_and_of_the_end():
    told: list[tuple[str, dict]] = []
    stage = Stage32()
    lock = FocusLock(stage, FocusLockSettings(patience=1))
    lock.on_event.append(lambda kind, **facts: told.append((kind, facts)))
    lock.lock()
    for dz in (0.0, 0.0, 1.0):
        feed(lock, stage, dz)
    feed(lock, stage, 1.0, confidence=0.0)
    assert [kind for kind, _ in told] == ["focus lock", "stage", "focus lock"]
    assert told[1][1]["z_um"] == 0.7
    assert told[1][1]["from_z_um"] == 0.0
    assert told[2][1]["on"] is False
    assert "stopped" in told[2][1]["message"]


def test_frames_of_a_move_are_known():
    stage = Stage32()
    lock = locked(stage, settle_s=0.3)
    began = stage.now + 1.0
    feed(lock, stage, 1.0)

    def taken(time_s: float) -> bool:
        return lock.moved_during(Frame(np.zeros((1, 1), np.uint16), 0, time_s, 0, 20.0, ""))

    assert [taken(began + dt) for dt in (-0.1, 0.0, 0.1, 0.3, 0.5)] == [
        *(False, True, True, True, False)
    ]


def test_frames_from_while_somebody_else_moved_the_stage_are_known():
    stage = Stage32()
    lock = FocusLock(stage)

    def moved(time_s: float) -> bool:
        return lock.moved_during(Frame(np.zeros((1, 1), np.uint16), 0, time_s, 0, 20.0, ""))

    begin = stage.clock()
    assert not moved(begin)
    lock.set_aside(True)
    assert moved(begin + 5.0)
    lock.set_aside(False)
    assert moved(begin)
    assert not moved(stage.clock() + 5.0)
    lock.set_aside(False)  # twice changes nothing
    assert not moved(stage.clock() + 5.0)


def test_moves_are_made_on_a_thread_of_its_own():
    names: list[str] = []
    moved = threading.Event()

    class Watched(Stage32):
        def move_z(self, z_um: float) -> None:
            names.append(threading.current_thread().name)
            super().move_z(z_um)
            moved.set()

    stage = Watched()
    lock = locked(stage)
    lock.start()
    stage.now += 10
    lock.offer(
        DriftSample(stage.now, 1.0, 0, 0, 0.9),
        Frame(np.zeros((1, 1), np.uint16), 0, stage.now, stage.z_um, 20.0, ""),
    )
    assert moved.wait(20)
    lock.stop()
    lock.stop()
    assert names == ["focus-lock"]


class Interrupted(Stage32):
    """A stage at which ``then`` happens once, in the middle of a move or before it."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where
        self.then = None

    def happen(self, where: str) -> None:
        if where == self.where and self.then is not None:
            then, self.then = self.then, None
            then()

    def clock(self) -> float:
        self.happen("before")
        return super().clock()

    def move_z(self, z_um: float) -> None:
        self.happen("amid")
        super().move_z(z_um)


@pytest.mark.parametrize("how", ["unlock", "set aside", "locked anew"])
def test_a_move_decided_before_the_lock_let_go_is_not_made(how: str):
    stage = Interrupted("before")
    lock = locked(stage)

    def anew() -> None:
        lock.unlock()
        lock.lock()

    ways = {"unlock": lock.unlock, "set aside": lambda: lock.set_aside(True), "locked anew": anew}
    stage.then = ways[how]
    assert feed(lock, stage, 1.0).kind == "hold"
    assert stage.moves == []


def test_a_lock_that_is_aside_stays_so_after_a_move_and_moves_nothing():
    stage = Interrupted("amid")
    lock = locked(stage)
    stage.then = lambda: lock.set_aside(True)  # on the lock's own thread, which cannot wait
    feed(lock, stage, 1.0)
    later = Frame(np.zeros((1, 1), np.uint16), 0, stage.now + 60, 0, 20.0, "")
    assert lock.moved_during(later)
    assert feed(lock, stage, 5.0).kind == "hold"
    assert stage.moves == [0.7]
    lock.set_aside(False)
    assert not lock.moved_during(later)


class Waiting(Stage32):
    """A stage whose move ends when ``go`` is set; ``early``: somebody did not wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way, self.go, self.passed = (threading.Event() for _ in range(3))
        self.early = False

    def move_z(self, z_um: float) -> None:
        self.under_way.set()
        assert self.go.wait(20)
        self.early = self.passed.wait(0.1)
        super().move_z(z_um)


def test_who_lets_the_lock_go_finds_no_move_under_way():
    stage = Waiting()
    lock = locked(stage)
    lock.on_event.append(lambda *_, **__: stage.go.set())
    mover = threading.Thread(target=feed, args=(lock, stage, 1.0))
    mover.start()
    assert stage.under_way.wait(20)
    lock.unlock()
    assert stage.z_um == 0.7
    stage.passed.set()
    mover.join()
    assert not stage.early


def test_a_move_that_does_not_end_lets_nobody_else_at_the_stage():
    stage = Waiting()
    stage.profile.stage = Stage(timeout_s=0.01)
    lock = locked(stage)
    mover = threading.Thread(target=feed, args=(lock, stage, 1.0))
    mover.start()
    assert stage.under_way.wait(20)
    with pytest.raises(FocusLockError, match=r"not finished a move of the focus lock for 0\.52 s"):
        lock.set_aside(True)
    stage.go.set()
    mover.join()
    assert not lock.moved_during(Frame(np.zeros((1, 1), np.uint16), 0, stage.now + 60, 0, 20.0, ""))


def test_an_unlocked_stage_is_never_moved():
    stage = Stage32()
    lock = locked(stage)
    lock.unlock()
    assert feed(lock, stage, 5.0).kind == "hold"
    assert stage.moves == []
    assert lock.status.state == "off"
