"""From stacks to a measured model: ``train``, ``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepz_live.cli import options, parse
from deepz_live.cli.base import app, guarded, print_json, quiet_output


@app.command()
@guarded
def train(
    stacks: Annotated[Path, typer.Argument(help="Folder of calibration stacks, or one stack.")],
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.")],
    preset: Annotated[str, typer.Option(help="Training preset: a name or a .yaml file.")] = "quick",
    model: Annotated[
        str | None,
        typer.Option(
            help="planes: all planes in one pass; generator: the paper's network; "
            "default: the preset's."
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Stop after this time; default: the preset's.")
    ] = None,
    region: options.Region = None,
    init: Annotated[
        Path | None,
        typer.Option(
            help="Start from the network of this bundle; best: of the shipped one that knows these "
            "stacks best."
        ),
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(help="A planes model learns from the generator in this bundle as well."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was stopped or killed.")
    ] = False,
    target: Annotated[
        Path | None,
        typer.Option(
            help="Stacks of another modality to learn, e.g. confocal: one a stack, of the same "
            "file name or in the same order."
        ),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(help="Of several channels captured, train on this one's stacks."),
    ] = None,
) -> None:
    """Train a refocusing network on calibration stacks and leave a bundle.

    Ctrl-C ends the training early and keeps the best network so far.

    Several GPUs: [bold]torchrun --nproc-per-node 4 --no-python deepz-live train stacks --preset gpu
    --out models/mine[/bold]

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
        teacher=teacher,
        target=target,
        channel=channel,
    )


@app.command()
@guarded
def evaluate(
    bundle: Annotated[Path, typer.Argument(help="Bundle to measure.")],
    stacks: Annotated[list[Path], typer.Argument(help="Stacks or folders of them.")],
    region: options.Region = None,
    target: options.Target = None,
    json: options.Json = False,
) -> None:
    """Measure a model against the mechanical scan, by refocus distance.

    Example: [bold]deepz-live evaluate models/mine stacks --region 0:512,256:512 --json[/bold]
    """
    from deepz_live.cli.report import quality_of, show_quality

    with quiet_output(json):
        report = quality_of(bundle, stacks, parse.region(region), target)
    if json:
        print_json(report)
    else:
        show_quality(report)
