"""``reproduce``: the paper's claims beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepz_live.cli import options
from deepz_live.cli.base import app, guarded, print_json, quiet_output, say


@app.command()
@guarded
def reproduce(
    out: Annotated[Path, typer.Option(help="Folder for the page and the finished steps.")],
    figures: Annotated[
        list[str] | None,
        typer.Argument(
            help="fig1 … fig5, s1, s2, s7, s10, s11, s12, s18, drift, stream, inference, "
            "video-s10, recordings; none: all."
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Smaller fields, fewer seeds, no training; minutes.")
    ] = False,
    recordings: Annotated[
        Path, typer.Option(help="Folder of real recordings; what is missing there is skipped.")
    ] = Path("../shared/data"),
    json: options.Json = False,
) -> None:
    """Put the Deep-Z paper's numbers beside ours, on one page with pictures.

    What is finished in the folder is not measured again, so a run that was stopped goes on.

    Example: [bold]deepz-live reproduce --quick --out reproduce[/bold]
    """
    from deepz_live.app.reproduce.run import reproduce as measure

    with quiet_output(json):
        done = measure(out, figures or (), quick=quick, recordings=recordings, note=say)
    rows = [row for one in done.steps for row in one.outcome.rows]
    worse = [row.claim for row in rows if row.verdict == "worse"]
    say(f"{len(rows)} claims, worse than the paper in {len(worse)}"
        + (f" ({', '.join(worse)})" if worse else "") + f"; wrote {done.page}.")  # fmt: skip
    if json:
        print_json(done.facts)
