"""``check`` of calibration stacks and ``import`` of stacks from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from deepz_live.cli import options
from deepz_live.cli.base import app, guarded, print_json, quiet_output, say

if TYPE_CHECKING:
    from deepz_live.app.check import CheckedStack

NOT_GOOD = 1
"""Exit code where a stack is red: to be captured again."""
_STYLES = {"green": "green", "amber": "yellow", "red": "red"}


@app.command()
@guarded
def check(
    folder: Annotated[Path, typer.Argument(help="Calibration folder, or one stack.")],
    json: options.Json = False,
) -> None:
    """Check calibration stacks: focus, saturation, noise, bleaching, drift, missed steps.

    What is found is written into the folder's calibration.json. Ends with exit code 1 where a
    field must be captured again.

    Example: [bold]deepz-live check stacks[/bold]
    """
    from deepz_live.app.check import check_stacks, level_of

    with quiet_output(json):
        checked = check_stacks(folder, tell=say)
    if json:
        print_json({"level": level_of(checked), "stacks": [stack.as_dict() for stack in checked]})
    else:
        for stack in checked:
            _show(stack)
    if level_of(checked) == "red":
        raise typer.Exit(NOT_GOOD)


def _show(stack: CheckedStack) -> None:
    console = Console(highlight=False)
    for finding, sentence in zip(stack.check.findings, stack.sentences(), strict=True):
        mark = Text(f"{finding.level:6}", style=_STYLES[finding.level])
        console.print(mark, Text(sentence), soft_wrap=True)


@app.command("import")
@guarded
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(help="z-stacks: OME-TIFF, ImageJ TIFF, Zarr, ND2, CZI, LIF; a field each."),
    ],
    out: Annotated[Path, typer.Option(help="New folder for the stacks.")],
    pixel_size_um: Annotated[
        float | None, typer.Option(min=0, help="Pixel in the sample; default: the file's.")
    ] = None,
    z_step_um: Annotated[
        float | None, typer.Option(min=0, help="Distance of planes; default: the file's.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Number or name, where a file holds several channels.")
    ] = None,
) -> None:
    """Make a calibration folder of stacks recorded elsewhere, ready for check and train.

    Example: [bold]deepz-live import embryo.tif --pixel-size-um 0.0645 --z-step-um 0.2
    --out stacks[/bold]
    """
    from deepz_live.app.import_stacks import import_files
    from deepz_live.cli.headless import refuse_used_folder

    refuse_used_folder(out, "no stack is imported into it")
    written = import_files(
        files,
        out,
        pixel_size_um=pixel_size_um,
        z_step_um=z_step_um,
        channel=channel,
        tell=say,
    )
    say(f"Imported {len(written)} stack{'s' if len(written) != 1 else ''} into {out}.")
