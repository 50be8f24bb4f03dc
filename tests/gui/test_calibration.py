"""The calibration dialogue, driven against a fake microscope and a fake training."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from psygnal import Signal

from deepz_live.config import Profile
from deepz_live.gui.bridge import Bridge
from deepz_live.gui.calibration_controller import CalibrationController, plane_count
from deepz_live.gui.calibration_dialog import CalibrationDialog, CaptureChoice
from deepz_live.train.progress import TrainingProgress

WAIT_MS = 10_000


class FakeRun:
    """Reports one plane, then waits until it is aborted or let through."""

    progress = Signal(object)

    def __init__(self, fails=None):
        self.ended = threading.Event()
        self.aborted = False
        self.fails = fails

    def run(self):
        self.progress.emit(
            SimpleNamespace(
                field=1, fields=3, plane=7, planes=81, seconds_left=65.0, message="z-stack"
            )
        )
        self.ended.wait(10)
        if self.aborted or self.fails:
            raise RuntimeError(self.fails or "The calibration was stopped.")

    def abort(self):
        self.aborted = True
        self.ended.set()


class FakeJob:
    def __init__(self, out):
        self.out = out
        self.running = False
        self.error = None
        self.news = []
        self.stop_asked = self.closed = False

    def start(self):
        self.running = True

    def poll(self):
        news, self.news = self.news, []
        return news

    def request_stop(self):
        self.stop_asked = True

    def close(self):
        self.closed = True


class FakeDesk:
    def __init__(self):
        self.microscope = SimpleNamespace(
            profile=Profile(name="fake"), shape=(512, 512), exposure_ms=20.0
        )
        self.paused = 0

    def pause_for(self, work):
        self.paused += 1
        work()


@pytest.fixture
def bench(qtbot, qapp, tmp_path):
    dialog = CalibrationDialog(("quick",))
    qtbot.addWidget(dialog)
    bridge = Bridge()
    made = SimpleNamespace(run=FakeRun(), job=None, resumed=0, used=None)

    def make_job(_stacks, out, _choice):
        made.job = FakeJob(out)
        return made.job

    def resumed():
        made.resumed += 1

    def use(path):
        made.used = path

    controller = CalibrationController(
        dialog,
        bridge,
        FakeDesk(),
        lambda: tmp_path,
        make_run=lambda *_: made.run,
        make_job=make_job,
        resumed=resumed,
        use=use,
    )
    controller.open()
    yield SimpleNamespace(dialog=dialog, controller=controller, made=made)
    made.run.ended.set()
    bridge.wait(5)
    dialog.close()


def start_capture(qtbot, bench):
    bench.dialog.capture.click()
    qtbot.waitUntil(lambda: bench.dialog.planes_bar.value() == 7, timeout=WAIT_MS)


def test_the_plan_and_its_cost_are_shown_before_anything_moves(bench):
    assert bench.dialog.capture_choice == CaptureChoice(40.0, 0.5, 3)
    text = bench.dialog._estimate.text()
    assert "81 planes × 3 fields" in text
    assert "127.4 MB" in text
    bench.dialog.step.setValue(1.0)
    assert "41 planes" in bench.dialog._estimate.text()


def test_planes_count_both_ends():
    assert plane_count(CaptureChoice(40.0, 0.5, 1)) == 81
    assert plane_count(CaptureChoice(2.0, 0.1, 1)) == 21


def test_an_abort_ends_the_capture_and_the_stream_comes_back(qtbot, bench):
    start_capture(qtbot, bench)
    assert bench.dialog.abort.isEnabled()
    assert not bench.dialog.capture.isEnabled()
    bench.dialog.abort.click()
    qtbot.waitUntil(lambda: bench.made.resumed == 1, timeout=WAIT_MS)
    assert bench.made.run.aborted
    assert "Aborted" in bench.dialog._capture_text.text()
    assert bench.dialog.capture.isEnabled()
    assert not bench.dialog.train.isEnabled()
    assert bench.dialog.banner.text == ""


def test_a_capture_that_fails_says_why_and_the_stream_comes_back(qtbot, bench):
    bench.made.run.fails = "The stage stalled at 3 µm."
    start_capture(qtbot, bench)
    bench.made.run.ended.set()
    qtbot.waitUntil(lambda: bench.made.resumed == 1, timeout=WAIT_MS)
    assert bench.dialog.banner.text == "The stage stalled at 3 µm."


def test_captured_stacks_are_trained_and_the_model_is_used(qtbot, bench):
    start_capture(qtbot, bench)
    bench.made.run.ended.set()
    qtbot.waitUntil(bench.dialog.train.isEnabled, timeout=WAIT_MS)
    bench.dialog.train.click()
    qtbot.waitUntil(bench.dialog.stop.isEnabled, timeout=WAIT_MS)
    job = bench.made.job
    job.news = [TrainingProgress(50, 30.0, 90.0, 0.3, 0.2, 0.2, ""),
                TrainingProgress(100, 60.0, 60.0, 0.2, 0.1, 0.1, "")]  # fmt: skip
    bench.controller.tick()
    assert list(bench.dialog._val_curve.xData) == [0.5, 1.0]
    assert bench.dialog.train_bar.value() == 500
    bench.dialog.stop.click()
    assert job.stop_asked
    job.out.mkdir(parents=True)
    (job.out / "rdf.yaml").touch()
    job.running = False
    bench.controller.tick()
    qtbot.waitUntil(lambda: job.closed, timeout=WAIT_MS)
    bench.dialog.use.click()
    assert bench.made.used == job.out


def test_a_training_that_dies_says_why(qtbot, bench, tmp_path):
    bench.controller.choose_stacks(tmp_path)
    bench.dialog.train.click()
    qtbot.waitUntil(bench.dialog.stop.isEnabled, timeout=WAIT_MS)
    bench.made.job.running = False
    bench.made.job.error = "Out of memory; lower `batch`."
    bench.controller.tick()
    assert bench.dialog.banner.text == "Out of memory; lower `batch`."
    assert not bench.dialog.use.isEnabled()
    qtbot.waitUntil(lambda: bench.made.job.closed, timeout=WAIT_MS)
