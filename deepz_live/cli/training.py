"""``train``: the training process watched from the terminal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from deepz_live.cli.base import UsageError, say, terminal
from deepz_live.cli.parse import Region

if TYPE_CHECKING:
    from deepz_live.app.training import TrainingJob
    from deepz_live.train.progress import TrainingProgress

LOOK_EVERY_S = 0.25


def run_training(
    stacks: Path,
    out: Path,
    *,
    preset: str,
    model: str | None,
    minutes: float | None,
    region: Region | None,
    init: Path | None,
    resume: bool,
    teacher: Path | None = None,
    target: Path | None = None,
    channel: str | None = None,
) -> None:
    """Train in a process of its own until its time is up; Ctrl-C keeps the best so far."""
    from deepz_live.app.training import TrainingJob
    from deepz_live.train.errors import TrainingError
    from deepz_live.train.share import is_first_process

    job = TrainingJob(
        stacks,
        out,
        preset=preset,
        model=_network(model) if model else None,
        minutes=minutes,
        region=region,
        init=init,
        teacher=teacher,
        resume=resume,
        target=target,
        channel=channel,
    )
    job.start()
    try:
        _watch(job)
    finally:
        job.close()
    if job.error is not None:
        raise TrainingError(job.error)
    if is_first_process():
        say(f"Wrote the bundle {out}.")


def _network(name: str) -> Literal["planes", "generator"]:
    known: dict[str, Literal["planes", "generator"]] = {
        "planes": "planes",
        "generator": "generator",
    }
    if name not in known:
        raise UsageError(f"--model {name!r} is unknown; give {' or '.join(known)}.")
    return known[name]


def _watch(job: TrainingJob) -> None:
    console = terminal()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[losses]}"),
        console=console,
        disable=not console.is_terminal,
    )
    asked = False
    with bar:
        task = bar.add_task("preparing", total=None, losses="")
        while True:
            try:
                running = job.running
                for progress in job.poll():
                    _show(bar, task, progress)
                if not running:
                    return
                job.join(LOOK_EVERY_S)
            except KeyboardInterrupt:
                if asked:
                    raise  # twice means now
                asked = True
                job.request_stop()
                bar.console.print("Stopping; the best network so far is kept …", markup=False)


def _show(bar: Progress, task: TaskID, progress: TrainingProgress) -> None:
    if not math.isfinite(progress.val_loss):
        bar.console.print(progress.message, markup=False)
        return
    losses = (
        f"train {progress.train_loss:.4g}  validation {progress.val_loss:.4g}  "
        f"best {progress.best_val:.4g}  {_minutes(progress.seconds_left)} left"
    )
    if bar.disable:  # a log file: a line a validation
        bar.console.print(f"step {progress.step}  {losses}", markup=False)
    bar.update(
        task,
        description=f"step {progress.step}",
        total=progress.seconds + progress.seconds_left,
        completed=progress.seconds,
        losses=losses,
    )


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
