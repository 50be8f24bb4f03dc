"""A calibration run with a progress bar, ended cleanly by Ctrl-C."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from deepz_live.cli.base import terminal

if TYPE_CHECKING:
    from deepz_live.app.calibrate import CalibrationProgress, CalibrationRun

LOOK_EVERY_S = 0.25


def with_progress(run: CalibrationRun) -> list[Path]:
    """Run it and return the files of its stacks."""
    console = terminal()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("preparing", total=None)
        run.progress.connect(lambda progress: _show(bar, task, progress))
        return list(_beside(run))


def _beside(run: CalibrationRun) -> Any:
    """Run in a thread of its own: Ctrl-C then aborts between two planes, not inside a driver."""
    with ThreadPoolExecutor(1, thread_name_prefix="calibration") as pool:
        future: Future[Any] = pool.submit(run.run)
        try:
            while not future.done():
                wait([future], LOOK_EVERY_S)
        except KeyboardInterrupt:
            run.abort()
            wait([future])
            raise
        return future.result()


def _show(bar: Progress, task: TaskID, progress: CalibrationProgress) -> None:
    bar.update(
        task,
        description=progress.message,
        total=progress.fields * progress.planes,
        completed=progress.field * progress.planes + progress.plane,
    )
