"""``batch``: every frame of long recordings refocused, on many processes, cards or machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from deepz_live.cli import options, parse
from deepz_live.cli.base import UsageError, app, guarded, print_json, quiet_output, say, terminal

if TYPE_CHECKING:
    from deepz_live.app.batch.run import Progress

NUMBERS = ("float32", "uint16")


@app.command()
@guarded
def batch(
    sessions: Annotated[list[str], typer.Argument(help="Session folders, or their URLs.")],
    out: Annotated[str, typer.Option(help="Folder or URL for <session>.ome.zarr of each.")],
    model: options.Model = None,
    channel_model: options.ChannelModel = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Running Dask scheduler, e.g. tcp://node1:8786; default: own."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes of its own; default: one a graphics card, else one a core. 0: no Dask.",
        ),
    ] = None,
    planes: Annotated[
        str | None,
        typer.Option(metavar="A:B:STEP", help="Planes in µm; default: all of the model."),
    ] = None,
    dtype: Annotated[
        str, typer.Option(help="float32, or uint16: rounded counts, a third of the bytes or less.")
    ] = "float32",
    provider: Annotated[
        str | None, typer.Option(help="Where networks run, e.g. CPU; default: the fastest.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of each engine.")] = 1,
    chunk_frames: Annotated[
        int | None, typer.Option(min=1, help="Frames a file; default: 128 MiB.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Refocus every frame of recordings to OME-Zarr, chunk by chunk; run again, it goes on.

    Example: [bold]deepz-live batch recordings/first --model beads_20x075 --out stacks
    --workers 2[/bold]
    """
    from deepz_live.app.batch.plan import Choices
    from deepz_live.app.batch.run import Workforce, run_batch
    from deepz_live.cli.headless import open_bundle

    own = parse.channel_models(channel_model or [])
    if dtype not in NUMBERS:
        raise UsageError(f"--dtype {dtype!r} is not known; give {' or '.join(NUMBERS)}.")
    with quiet_output(json), _progress() as progress:
        facts = run_batch(
            sessions,
            open_bundle(model),
            out=out,
            channel_bundles={name: open_bundle(path) for name, path in own.items()},
            choices=Choices(planes, dtype, provider, threads, chunk_frames),  # type: ignore[arg-type]
            workforce=Workforce(scheduler, workers),
            note=say,
            progress=progress,
        )
    say(f"{facts['frames_made']} frames refocused in {facts['seconds']:.0f} s; "
        f"wrote {', '.join(facts['stores'])}.")  # fmt: skip
    if json:
        print_json(facts)


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("Chunks"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=terminal(),
    )
    task = bar.add_task("chunks", total=None)

    def show(done: int, total: int) -> None:
        bar.start()  # not before: what is refused is one sentence
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        bar.stop()
