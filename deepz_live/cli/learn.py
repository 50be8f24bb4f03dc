"""From a microscope to a measured model: ``calibrate``, ``train``, ``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepz_live.cli import options, parse
from deepz_live.cli.base import app, guarded, print_json, quiet_output


@app.command()
@guarded
def calibrate(
    out: Annotated[Path, typer.Option(help="New folder for the stacks.")],
    profile: options.Profile = "simulated",
    set_: options.Set = None,
    fields: Annotated[
        int | None, typer.Option(min=1, help="Number of fields of view; default: the profile's.")
    ] = None,
) -> None:
    """Capture calibration z-stacks, one OME-TIFF a field and channel.

    Example: [bold]deepz-live calibrate --profile simulated --fields 3 --out stacks[/bold]
    """
    from deepz_live.cli.calibration import run_calibration

    run_calibration(profile, parse.overrides(set_ or []), fields, out)


@app.command()
@guarded
def train(
    stacks: Annotated[Path, typer.Argument(help="Folder of calibration stacks, or one stack.")],
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.")],
    preset: Annotated[str, typer.Option(help="Training preset: a name or a .yaml file.")] = "quick",
    model: Annotated[
        str, typer.Option(help="planes: all planes in one pass; generator: the paper's network.")
    ] = "planes",
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Stop after this time; default: the preset's.")
    ] = None,
    region: options.Region = None,
    init: Annotated[
        Path | None, typer.Option(help="Start from the network of this bundle.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was stopped or killed.")
    ] = False,
) -> None:
    """Train a refocusing network on calibration stacks and leave a bundle.

    Ctrl-C ends the training early and keeps the best network so far.

    Example: [bold]deepz-live train stacks --minutes 20 --out models/mine[/bold]
    """
    from deepz_live.cli.training import run_training

    run_training(
        stacks,
        out,
        preset=preset,
        model=model,
        minutes=minutes,
        region=parse.region(region),
        init=init,
        resume=resume,
    )


@app.command()
@guarded
def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Bundle to measure.")],
    stacks: Annotated[list[Path], typer.Argument(help="Stacks or folders of them.")],
    region: options.Region = None,
    json: options.Json = False,
) -> None:
    """Measure a model against the mechanical scan, by refocus distance.

    Example: [bold]deepz-live evaluate models/mine stacks --region 0:512,256:512 --json[/bold]
    """
    from deepz_live.cli.report import quality_of, show_quality

    with quiet_output(json):
        report = quality_of(bundle, stacks, parse.region(region))
    if json:
        print_json(report)
    else:
        show_quality(report)
