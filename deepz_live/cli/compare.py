"""``compare``: two models on the same frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepz_live.cli import options
from deepz_live.cli.base import UsageError, app, guarded, print_json, quiet_output, say


@app.command()
@guarded
def compare(
    frames: Annotated[
        Path, typer.Argument(help="Session, or image file (TIFF, OME-TIFF, OME-Zarr).")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the pictures and numbers.")],
    model: Annotated[
        list[Path], typer.Option("--model", "-m", help="A bundle; give two.", show_default=False)
    ],
    z: Annotated[
        str, typer.Option("--z", metavar="A:B:STEP", help="Planes in µm, both ends included.")
    ] = "-4:4:4",
    pixel_size_um: options.PixelSize = None,
    interval_s: options.Interval = None,
    channel: options.Channel = None,
    plane: options.Plane = None,
    planes_are_times: options.PlanesAreTimes = False,
    resample: options.Resample = False,
    json: options.Json = False,
) -> None:
    """Refocus the same frames with two models and show where they differ.

    Example: [bold]deepz-live compare recordings/worm -m worm_20x075 -m beads_20x075
    --out compared[/bold]
    """
    from contextlib import closing

    from deepz_live.app.compare import compare_models
    from deepz_live.app.frames_for import frames_for
    from deepz_live.app.refocus_file import parse_distances
    from deepz_live.model.bundle import load_bundle
    from deepz_live.refocus.check import check_recorded
    from deepz_live.refocus.engine import open_engine
    from deepz_live.session.series import SeriesChoice

    if len(model) != 2:
        raise UsageError(f"{len(model)} model(s) given; compare wants two: -m FIRST -m SECOND.")
    bundles = [load_bundle(one) for one in model]
    choice = SeriesChoice(pixel_size_um, interval_s, channel, plane, planes_are_times)
    series, _ = frames_for(bundles[0], frames, choice, resample, say)
    for one in bundles:
        for warning in check_recorded(one, series):
            say(f"Warning: {one.name}: {warning}")
    with (
        quiet_output(json),
        closing(open_engine(bundles[0])) as first,
        closing(open_engine(bundles[1])) as second,
    ):
        found = compare_models(series, (first, second), parse_distances(z), out=out)
    if json:
        print_json(found)
        return
    for row in found["agreement"]:
        say(
            f"{row['depth_um']:+6.1f} µm  correlation {row['corr']:.3f}, in detail "
            f"{row['corr_detail']:.3f}, SSIM {row['ssim']:.3f}; contrast of the second "
            f"{row['sharper']:.2f} times the first's"
        )
    say(f"Wrote {out}.")
