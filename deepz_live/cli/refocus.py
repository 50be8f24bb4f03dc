"""``refocus``: one image from disk, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepz_live.cli import options
from deepz_live.cli.base import app, guarded, say


@app.command()
@guarded
def refocus(
    image: Annotated[Path, typer.Argument(help="Single-plane TIFF image.")],
    out: Annotated[Path, typer.Option(help="OME-TIFF to write.")],
    model: options.Model = None,
    z: Annotated[
        str | None,
        typer.Option("--z", metavar="A:B:STEP", help="Planes in µm, both ends included."),
    ] = None,
    surface: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="One surface: uniform:3, tilt:1.5,0, …, or auto."),
    ] = None,
) -> None:
    """Refocus one image to a stack of planes or to a surface.

    Example: [bold]deepz-live refocus image.tif --z -10:10:2 --out refocused.ome.tif[/bold]
    """
    from deepz_live.app.refocus_file import refocus_file
    from deepz_live.cli.headless import open_bundle

    refocus_file(image, open_bundle(model), out=out, z=z, surface=surface, note=say)
    say(f"Wrote {out}.")
