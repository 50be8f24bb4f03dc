"""What the terminal does while something runs: Ctrl-C, failures, the time limit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar

import pytest

from deepz_live.app import training as training_app
from deepz_live.cli import headless
from deepz_live.session.errors import SessionError
from deepz_live.stream.source import SourceError
from deepz_live.train.progress import TrainingProgress


class FakeSession:
    """A live session whose time passes by looking at it."""

    def __init__(self, *, looks: int = 1000, then: BaseException | None = None) -> None:
        self.warnings = ("Pixel size differs.",)
        self.error = self.broken = None
        self.queued = 0
        self.calls: list[str] = []
        self.now = 0.0
        self._looks = looks
        self._then = then

    def clock(self) -> float:
        return self.now

    def start(self) -> None:
        self.calls.append("start")

    def set_reference(self) -> None:
        self.calls.append("reference")

    def wait_finished(self, timeout_s: float) -> bool:
        self.now += timeout_s
        self._looks -= 1
        if self._looks > 0:
            return False
        if isinstance(self._then, Exception):
            self.error = self.broken = self._then
            return False
        if self._then is not None:
            raise self._then
        return True

    def status(self):
        return SimpleNamespace(
            camera_fps=20.0,
            refocus_fps=9.0,
            lost=0,
            recording=True,
            recorded=3,
            bytes_written=1e6,
            focus=None,
            channels=None,
            queued=self.queued,
        )

    def stop(self) -> None:
        self.calls.append("stop")

    def summary(self) -> dict:
        return {"frames_lost": 0}


def watch(session: FakeSession, seconds: float | None):
    return headless.run(session, seconds, clock=session.clock)


def test_the_time_limit_is_kept():
    session = FakeSession()
    assert watch(session, 1.1) == {"frames_lost": 0}
    assert session.now == pytest.approx(1.1)
    assert session.calls == ["reference", "start", "stop"]


def test_the_end_of_a_replay_ends_the_run():
    session = FakeSession(looks=3)
    watch(session, None)
    assert session.calls[-1] == "stop"


def test_ctrl_c_stops_the_session_and_still_sums_up(capsys):
    session = FakeSession(looks=2, then=KeyboardInterrupt())
    assert watch(session, None) == {"frames_lost": 0}
    assert session.calls[-1] == "stop"
    assert "Stopped." in capsys.readouterr().err


def test_a_camera_that_fails_in_mid_stream_is_told_after_everything_is_stopped():
    session = FakeSession(looks=2, then=SourceError("The camera is gone."))
    with pytest.raises(SourceError, match="gone"):
        watch(session, 60)
    assert session.calls[-1] == "stop"


def test_frames_that_did_not_fit_are_told_at_once_and_do_not_end_the_run(capsys):
    session = FakeSession()
    session.error = SessionError("Recording lost 3 frames.")
    with pytest.raises(SessionError, match="lost 3"):
        watch(session, 2.0)
    assert session.now == pytest.approx(2.0)
    assert capsys.readouterr().err.count("Warning: Recording lost 3 frames.") == 1


def test_it_is_said_what_a_slow_disk_still_has_to_take(capsys):
    session = FakeSession(looks=1)
    session.queued = 31_000_000
    watch(session, None)
    assert "Writing the last 31 MB" in capsys.readouterr().err


def test_warnings_about_the_model_are_told(capsys):
    watch(FakeSession(looks=1), None)
    assert "Warning: Pixel size differs." in capsys.readouterr().err


class FakeJob:
    """A training process that tells what it was scripted to tell."""

    script: ClassVar[list[object]] = []
    fails = None
    made: ClassVar[list[FakeJob]] = []

    def __init__(self, stacks, out, **order) -> None:
        self.order = order
        self.calls: list[str] = []
        self._left = list(self.script)
        self.error = None
        self.made.append(self)

    def start(self) -> None:
        self.calls.append("start")

    @property
    def running(self) -> bool:
        return bool(self._left)

    def poll(self):
        news = self._left.pop(0) if self._left else []
        if isinstance(news, BaseException):
            raise news
        if not self._left:
            self.error = self.fails
        return news

    def join(self, timeout_s: float) -> bool:
        return not self._left

    def request_stop(self) -> None:
        self.calls.append("stop asked")

    def close(self) -> None:
        self.calls.append("close")


NEWS = TrainingProgress(50, 10.0, 50.0, 0.5, 0.4, 0.4, "step 50")


@pytest.fixture
def job(monkeypatch):
    """The class that stands in for the training process; its ``script`` is set by the test."""
    kind = type("Job", (FakeJob,), {"made": [], "script": [[TrainingProgress.note("Reading")]]})
    monkeypatch.setattr(training_app, "TrainingJob", kind)
    return kind


def test_training_tells_steps_losses_and_time_left(run, job, tmp_path):
    job.script = [[TrainingProgress.note("Reading a.tif")], [NEWS], []]
    done = run("train", tmp_path, "--out", tmp_path / "new", "--region", "0:64,0:32", "--resume")
    assert done.code == 0, done.err
    assert "Reading a.tif" in done.err
    assert "step 50" in done.err
    assert "0.4" in done.err
    assert "0:50 left" in done.err
    (made,) = job.made
    assert made.order["region"] == (slice(0, 64), slice(0, 32))
    assert made.order["resume"] is True
    assert made.calls == ["start", "close"]


def test_training_that_fails_is_one_sentence(run, job, tmp_path):
    job.fails = "The stacks hold too little signal."
    job.script = [[]]
    done = run("train", tmp_path, "--out", tmp_path / "new")
    assert done.sentence == "Error: The stacks hold too little signal."
    assert job.made[0].calls[-1] == "close"


def test_ctrl_c_keeps_the_best_network(run, job, tmp_path):
    job.script = [[NEWS], KeyboardInterrupt(), []]
    done = run("train", tmp_path, "--out", tmp_path / "new")
    assert done.code == 0
    assert "the best network so far is kept" in done.err
    assert job.made[0].calls == ["start", "stop asked", "close"]


def test_ctrl_c_twice_means_now(run, job, tmp_path):
    job.script = [[], KeyboardInterrupt(), KeyboardInterrupt(), []]
    done = run("train", tmp_path, "--out", tmp_path / "new")
    assert done.code == 130
    assert job.made[0].calls[-1] == "close"
