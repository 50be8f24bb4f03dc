"""``spot-check``: refocused planes against a few that the stage goes to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deepz_live.cli import options, parse
from deepz_live.cli.base import app, guarded, print_json, quiet_output, say, terminal

if TYPE_CHECKING:
    from deepz_live.app.spot_check.result import SpotCheckResult
    from deepz_live.app.spot_check.run import SpotCheckProgress


@app.command("spot-check")
@guarded
def spot_check(
    profile: options.Profile = "simulated",
    set_: options.Set = None,
    model: options.Model = None,
    out: Annotated[Path | None, typer.Option(help="Also write the result into this file.")] = None,
    json: options.Json = False,
) -> None:
    """Take a few planes with the stage and compare what the model makes of one of them.

    The stage moves within the profile's limits around its present focus, and back.

    Example: [bold]deepz-live spot-check --profile mine --model models/mine[/bold]
    """
    from deepz_live.acquire.microscope import open_microscope
    from deepz_live.app.paths import find_profile
    from deepz_live.app.spot_check.make import snap_check
    from deepz_live.cli.headless import open_bundle
    from deepz_live.config import load_profile
    from deepz_live.refocus.engine import open_engine
    from deepz_live.session.files import replace_file, to_json

    def told(progress: SpotCheckProgress) -> None:
        say(f"{progress.done + 1} of {progress.steps}: {progress.text}")

    settings = load_profile(find_profile(profile), parse.overrides(set_ or []))
    bundle = open_bundle(model)
    with (
        quiet_output(json),
        open_microscope(settings) as microscope,
        closing(open_engine(bundle)) as engine,
    ):
        result = snap_check(microscope, engine, told).run()
        facts = result.facts()
        if out is not None:
            replace_file(out, to_json(facts, indent=1))
        terminal().print(_table(result))
        say(result.verdict.text)
    if json:
        print_json(facts)


def _table(result: SpotCheckResult) -> Table:
    table = Table("dz (µm)", "corr", "report", "± spread", "as it is", "SSIM", "RMSE")
    for row in result.rows:
        table.add_row(
            f"{row.dz_um:+g}",
            f"{row.scores['corr']:.3f}",
            "–" if row.report is None else f"{row.report.corr:.3f}",
            f"{row.spread():.3f}",
            f"{row.unrefocused['corr']:.3f}",
            f"{row.scores['ssim']:.3f}",
            f"{row.scores['rmse']:.4f}",
        )
    return table
