"""``calibrate``: the calibration run with a progress bar, ended cleanly by Ctrl-C."""

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

from deepz_live.cli.base import say, terminal
from deepz_live.cli.headless import refuse_used_folder

if TYPE_CHECKING:
    from deepz_live.app.calibrate import CalibrationProgress, CalibrationRun

LOOK_EVERY_S = 0.25


def run_calibration(profile: str, overrides: dict[str, str], fields: int | None, out: Path) -> None:
    """Capture the stacks of ``profile`` into ``out``, which must be new or empty."""
    from deepz_live.acquire.microscope import open_microscope
    from deepz_live.app.calibrate import CalibrationRun
    from deepz_live.app.paths import find_profile
    from deepz_live.config import load_profile

    settings = load_profile(find_profile(profile), overrides)
    refuse_used_folder(out, "no stack is captured into it")
    with open_microscope(settings) as microscope:
        written = _with_progress(CalibrationRun(microscope, out, fields=fields))
    say(f"Captured {len(written)} stack{'s' if len(written) != 1 else ''} into {out}.")


def _with_progress(run: CalibrationRun) -> list[Path]:
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
