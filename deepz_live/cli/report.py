"""``report``, and what ``evaluate`` prints: quality for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deepz_live.cli import options, parse
from deepz_live.cli.base import app, guarded, print_json, quiet_output, say
from deepz_live.cli.parse import Region

SCORES = ("mae", "rmse", "corr", "corr_detail", "ssim")


@app.command()
@guarded
def report(
    bundle: Annotated[Path, typer.Argument(help="Bundle to measure.")],
    stacks: Annotated[
        list[Path], typer.Argument(help="Stacks that were not trained on, or folders of them.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for report.html and report.json.")],
    region: options.Region = None,
    target: options.Target = None,
    series: Annotated[
        bool,
        typer.Option(
            "--series",
            help="Also light, density, other samples, optics and surfaces on the built-in "
            "microscope (minutes).",
        ),
    ] = False,
    record: Annotated[
        bool, typer.Option(help="Keep a summary in the bundle; this changes its identity.")
    ] = True,
    json: options.Json = False,
) -> None:
    """Measure a model from all sides and write a page with pictures.

    Example: [bold]deepz-live report models/mine stacks --out report[/bold]
    """
    from deepz_live.app.report.run import write_report
    from deepz_live.app.training import find_stacks
    from deepz_live.model.bundle import load_bundle

    with quiet_output(json):
        done = write_report(
            load_bundle(bundle),
            find_stacks(stacks),
            out,
            box=parse.region(region),
            targets=find_stacks(target) if target is not None else (),
            series=series,
            record=record,
            note=say,
        )
        say(f"Wrote {done.page}.")
    if json:
        print_json(done.facts)


def quality_of(
    bundle: Path, stacks: Sequence[Path], region: Region | None, target: Path | None = None
) -> dict[str, Any]:
    """The report of ``app.quality.evaluate``."""
    from deepz_live.app.quality import evaluate
    from deepz_live.app.training import find_stacks
    from deepz_live.model.bundle import load_bundle

    targets = find_stacks(target) if target is not None else ()
    return evaluate(load_bundle(bundle), find_stacks(stacks), region, targets=targets, report=say)


def show_quality(report: dict[str, Any]) -> None:
    """Print the report on standard output: each score, and the unrefocused input's behind it."""
    low, high = report["z_range_um"]
    table = Table(
        title=f"{report['network']} network, {low:g} … {high:g} µm, "
        f"{1e3 * report['seconds_per_plane']:.1f} ms a plane",
        caption="in brackets: the input as it is, not refocused",
    )
    table.add_column("dz µm", justify="right")
    table.add_column("n", justify="right")
    for score in SCORES:
        table.add_column(score, justify="right")
    for row in report["per_distance"]:
        cells = [f"{row[score]:.3g} ({row['baseline'][score]:.3g})" for score in SCORES]
        table.add_row(f"{row['dz_um']:g}", str(row["n"]), *cells)
    Console().print(table)
