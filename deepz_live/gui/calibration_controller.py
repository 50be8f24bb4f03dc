"""Capture, train, use: what the calibration dialogue drives. Tested against fakes."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from deepz_live.gui.bridge import Relay
from deepz_live.gui.calibration_dialog import CalibrationDialog, CaptureChoice, TrainChoice
from deepz_live.gui.record_controller import Caller, free_bytes
from deepz_live.gui.recorder import clock_text, size_text
from deepz_live.train.progress import TrainingProgress

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.app.live import LiveSession

PLANE_OVERHEAD_S = 0.05
"""Stage move and readout a plane, for the estimate."""


class Run(Protocol):
    """A calibration (``app.calibrate.CalibrationRun``)."""

    progress: Any

    def run(self) -> object:
        """Capture everything; blocks."""

    def abort(self) -> None:
        """End soon; from any thread."""


class Job(Protocol):
    """A training (``app.training.TrainingJob``)."""

    @property
    def running(self) -> bool:
        """Whether the process lives."""

    @property
    def error(self) -> str | None:
        """The sentence of a failure."""

    def start(self) -> None:
        """Start the process."""

    def poll(self) -> list[TrainingProgress]:
        """News; never waits."""

    def request_stop(self) -> None:
        """Stop soon, keep the best."""

    def close(self) -> None:
        """End it for good."""


class CameraLender(Protocol):
    """Who has the microscope (:class:`Desk`)."""

    @property
    def microscope(self) -> Microscope | None:
        """The open microscope."""

    def pause_for(self, work: Callable[[], None]) -> LiveSession:
        """Stop the stream, do ``work``, stream again."""


MakeRun = Callable[["Microscope", Path, CaptureChoice], Run]
MakeJob = Callable[[Path, Path, TrainChoice], Job]


class CalibrationController:
    """One calibration and one training at a time.

    ``resumed`` gets the session that streams after a calibration, whatever its end; ``use`` the
    bundle that the operator wants to look through.
    """

    def __init__(
        self,
        dialog: CalibrationDialog,
        bridge: Caller,
        desk: CameraLender,
        root: Callable[[], Path],
        *,
        make_run: MakeRun,
        make_job: MakeJob,
        resumed: Callable[[], None],
        use: Callable[[Path], None],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._dialog, self._bridge, self._desk, self._root = dialog, bridge, desk, root
        self._make_run, self._make_job = make_run, make_job
        self._resumed, self._use, self._now = resumed, use, now
        self._relay = Relay()
        self._relay.arrived.connect(self._show_capture)
        self._run: Run | None = None
        self._job: Job | None = None
        self._stacks: Path | None = None
        self._bundle: Path | None = None
        self._target: Path | None = None
        self._curve: list[tuple[float, float, float]] = []
        self._aborted = self._preparing = False
        dialog.capture_wanted.connect(self.capture)
        dialog.abort_wanted.connect(self.abort)
        dialog.train_wanted.connect(self.train)
        dialog.stop_wanted.connect(self.stop_training)
        dialog.use_wanted.connect(self._use_it)
        dialog.choice_changed.connect(self.estimate)

    @property
    def bundle(self) -> Path | None:
        """The model that was trained last."""
        return self._bundle

    def open(self) -> None:
        """Show the plan of the open microscope."""
        microscope = self._desk.microscope
        if microscope is not None and self._run is None:
            plan = microscope.profile.calibration
            self._dialog.set_capture(
                CaptureChoice(plan.range_um or 40.0, plan.step_um or 0.5, plan.fields)
            )
        self.estimate()
        self._stage()
        self._dialog.show()
        self._dialog.raise_()

    def estimate(self) -> None:
        """Time and disk of what is chosen."""
        microscope = self._desk.microscope
        if microscope is None:
            self._dialog.show_estimate(
                "No microscope is open: open a profile first (Ctrl+O), or choose stacks below.",
                "caution",
            )
            return
        choice = self._dialog.capture_choice
        planes = plane_count(choice)
        height, width = microscope.shape
        need = planes * choice.fields * height * width * 2
        seconds = planes * choice.fields * (microscope.exposure_ms / 1e3 + PLANE_OVERHEAD_S)
        free = free_bytes(self._root())
        text = (
            f"{planes} planes × {choice.fields} fields, about {clock_text(seconds)} and "
            f"{size_text(need)} ({size_text(free)} free)"
        )
        self._dialog.show_estimate(text, "alarm" if 0 < free < need else "dim")

    def capture(self) -> None:
        """Start to capture; the live stream rests meanwhile."""
        microscope = self._desk.microscope
        if microscope is None or self._run is not None or self._preparing:
            self.estimate()
            return
        out = self._root() / f"calibration_{self._now():%Y-%m-%d_%H%M%S}"
        self._dialog.banner.clear()
        self._aborted = False
        choice = self._dialog.capture_choice
        self._preparing = True
        self._stage()
        self._bridge.call(
            lambda: self._make_run(microscope, out, choice),
            lambda run: self._start_run(run, out),
            self._capture_failed,
        )

    def abort(self) -> None:
        """End the capture; the focus goes back."""
        if self._run is not None or self._preparing:
            self._aborted = True
        if self._run is not None:
            self._run.abort()

    def choose_stacks(self, folder: Path) -> None:
        """Train on stacks that exist."""
        self._stacks = folder
        self._stage()

    def train(self) -> None:
        """Start to train on the stacks."""
        if self._stacks is None or self._job is not None:
            return
        stacks, choice = self._stacks, self._dialog.train_choice
        out = stacks / f"model_{self._now():%H%M%S}"
        self._target = out
        self._curve = []
        self._dialog.banner.clear()
        self._dialog.show_losses([], [], [])
        self._dialog.show_training("Starting …", 0.0)
        self._bridge.call(
            lambda: _started(self._make_job(stacks, out, choice)),
            self._training_started,
            self._training_failed,
        )

    def stop_training(self) -> None:
        """End soon; the best weights so far become the bundle."""
        if self._job is not None:
            self._job.request_stop()
            self._dialog.show_training("Stopping; the best weights are kept …", 0.0)

    def tick(self) -> None:
        """Ask the training for news; a few times a second."""
        job = self._job
        if job is None:
            return
        running = job.running  # asked first: what it said before its end is polled below
        for news in job.poll():
            self._show_news(news)
        if not running:
            self._training_ended(job)

    def close(self) -> None:
        """End capture and training for good; called beside the GUI thread."""
        self.abort()
        job, self._job = self._job, None
        if job is not None:
            job.close()

    def _start_run(self, run: Run, out: Path) -> None:
        self._preparing = False
        self._run = run
        run.progress.connect(self._relay.send)
        if self._aborted:
            run.abort()
        self._bridge.call(
            lambda: self._desk.pause_for(lambda: _run_fully(run)),
            lambda _: self._captured(out),
            self._capture_failed,
        )
        self._stage()

    def _show_capture(self, progress: Any) -> None:
        left = progress.seconds_left
        text = progress.message
        if left is not None and math.isfinite(left):
            text = f"{text}  ·  {clock_text(left)} left"
        self._dialog.show_capture(
            text, progress.plane, progress.planes, progress.field, progress.fields
        )

    def _captured(self, out: Path) -> None:
        aborted, self._run = self._aborted, None
        if aborted:
            self._dialog.show_capture("Aborted; the focus is back.", 0, 0, 0, 0)
        else:
            self._stacks = out
        self._stage()
        self._resumed()

    def _capture_failed(self, error: Exception) -> None:
        aborted, self._run = self._aborted, None
        self._preparing = False
        if aborted:
            self._dialog.show_capture("Aborted; the focus is back.", 0, 0, 0, 0)
        else:
            self._dialog.banner.show_error(str(error))
        self._stage()
        self._resumed()

    def _training_started(self, job: Job) -> None:
        self._job = job
        self._stage()

    def _training_failed(self, error: Exception) -> None:
        self._dialog.banner.show_error(str(error))
        self._dialog.show_training("", 0.0)
        self._stage()

    def _show_news(self, news: TrainingProgress) -> None:
        total = news.seconds + news.seconds_left
        share = news.seconds / total if math.isfinite(total) and total > 0 else 0.0
        text = news.message
        if math.isfinite(news.val_loss):
            self._curve.append((news.seconds / 60, news.train_loss, news.val_loss))
            minutes, train, val = (list(column) for column in zip(*self._curve, strict=True))
            self._dialog.show_losses(minutes, train, val)
            text = (
                f"step {news.step}, best {news.best_val:.4g}, {clock_text(news.seconds_left)} left"
            )
        self._dialog.show_training(text, share)

    def _training_ended(self, job: Job) -> None:
        self._job = None
        error = job.error
        self._bridge.call(job.close, lambda _: None, self._training_failed)
        if error is not None:
            self._dialog.banner.show_error(error)
            self._dialog.show_training("Failed.", 0.0)
        elif self._target is not None and (self._target / "rdf.yaml").is_file():
            self._bundle = self._target
            self._dialog.show_training("Trained.", 1.0)
        self._stage()

    def _use_it(self) -> None:
        if self._bundle is not None:
            self._use(self._bundle)

    def _stage(self) -> None:
        self._dialog.show_stage(
            capturing=self._run is not None or self._preparing,
            training=self._job is not None,
            stacks=self._stacks,
            bundle=self._bundle,
        )


def plane_count(choice: CaptureChoice) -> int:
    """Planes of one field, both ends included."""
    return int(choice.range_um / choice.step_um + 1e-6) + 1


def _run_fully(run: Run) -> None:
    run.run()


def _started(job: Job) -> Job:
    job.start()
    return job
