"""``evaluate``: the quality report, as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deepz_live.cli.base import say
from deepz_live.cli.parse import Region

SCORES = ("mae", "rmse", "corr", "corr_detail", "ssim")


def quality_of(bundle: Path, stacks: Sequence[Path], region: Region | None) -> dict[str, Any]:
    """The report of ``app.quality.evaluate``."""
    from deepz_live.app.quality import evaluate
    from deepz_live.app.training import find_stacks
    from deepz_live.model.bundle import load_bundle

    return evaluate(load_bundle(bundle), find_stacks(stacks), region, report=say)


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
