"""``refocus``: images from disk, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepz_live.cli import options
from deepz_live.cli.base import app, guarded, say


@app.command()
@guarded
def refocus(
    image: Annotated[
        Path, typer.Argument(help="Image or time series (TIFF, OME-TIFF, OME-Zarr), or a session.")
    ],
    out: Annotated[Path, typer.Option(help="OME-TIFF (.ome.tif) or OME-Zarr (.zarr) to write.")],
    model: options.Model = None,
    z: Annotated[
        str | None,
        typer.Option("--z", metavar="A:B:STEP", help="Planes in µm, both ends included."),
    ] = None,
    surface: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="One surface: uniform:3, tilt:1.5,0, …, or auto."),
    ] = None,
    pixel_size_um: options.PixelSize = None,
    interval_s: options.Interval = None,
    channel: options.Channel = None,
    plane: options.Plane = None,
    planes_are_times: options.PlanesAreTimes = False,
    resample: options.Resample = False,
) -> None:
    """Refocus an image or a time series to stacks of planes, or to a surface.

    Example: [bold]deepz-live refocus image.tif --z -10:10:2 --out refocused.ome.tif[/bold]
    """
    from deepz_live.app.refocus_file import Refocusing, refocus_file
    from deepz_live.cli.headless import open_bundle
    from deepz_live.session.series import SeriesChoice

    refocus_file(
        image,
        open_bundle(model),
        out=out,
        what=Refocusing(z=z, surface=surface, resample=resample),
        choice=SeriesChoice(pixel_size_um, interval_s, channel, plane, planes_are_times),
        tell=say,
    )
    say(f"Wrote {out}.")
