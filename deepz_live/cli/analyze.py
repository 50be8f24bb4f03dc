"""``analyze``: the paper's experiments on recordings and stacks of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepz_live.cli import options
from deepz_live.cli.base import app, guarded, print_json, quiet_output, say

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle
    from deepz_live.refocus.engine import Engine

analyze = typer.Typer(
    help="Neurons, beads, drift, surfaces and light dose of recordings and stacks.\n\n"
    "Example: [bold]deepz-live analyze neurons recordings/worm --model worm_20x075 "
    "--out neurons[/bold]",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.add_typer(analyze, name="analyze")

Session = Annotated[Path, typer.Argument(help="Session folder of a recording.")]
Out = Annotated[Path, typer.Option(help="Folder for tables and figures.")]
FrameNumber = Annotated[int, typer.Option("--frame", min=0, help="Frame of a session, from 0.")]


@analyze.command()
@guarded
def neurons(
    session: Session,
    out: Out,
    model: options.Model = None,
    activity_model: Annotated[
        Path | None, typer.Option(help="Bundle of the activity channel; default: --model.")
    ] = None,
    stacks: Annotated[
        Path | None,
        typer.Option(help="Store that `batch` made of the recording, read instead of refocusing."),
    ] = None,
    structure: Annotated[
        str | None, typer.Option(help="Channel of the nuclei; default: the first.")
    ] = None,
    activity: Annotated[
        str | None, typer.Option(help="Channel of the activity; default: the second.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, help="Least deviation of ΔF/F₀ of an active neuron; default: found."),
    ] = None,
    clusters: Annotated[
        int | None, typer.Option(min=1, help="Number of groups; default: by the eigen-gap.")
    ] = None,
    as_measured: Annotated[
        bool,
        typer.Option(
            "--as-measured",
            help="Group by ΔF/F₀ as high as measured (paper), not by its course alone.",
        ),
    ] = False,
    sigma: Annotated[
        float | None,
        typer.Option(help="Width of the similarity (Eq. 14); default 0.6, --as-measured 1.5."),
    ] = None,
    silhouette: Annotated[
        float | None,
        typer.Option(
            min=-1,
            max=1,
            help="Neurons with less are in no group, -1: all are; default 0.5, --as-measured -1.",
        ),
    ] = None,
    least: Annotated[
        float, typer.Option(min=0.01, max=1, help="Faintest neuron, as a share of the strongest.")
    ] = 0.25,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write every table as Parquet, too.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Find neurons in a two-channel recording of one plane, read their activity, group them.

    Leaves neurons.csv, traces.csv, motion.csv and neurons.png, and neurons, traces and figure from
    the raw frames with _2d. The window shows them over the recording: drop the folder on it.

    Example: [bold]deepz-live analyze neurons recordings/worm --model worm_20x075
    --out neurons[/bold]
    """
    from deepz_live.analysis.neurons import Search
    from deepz_live.app.analyze.neurons import Choices, analyze_neurons
    from deepz_live.cli.headless import open_bundle

    choices = Choices(
        structure=structure,
        activity=activity,
        search=Search(least=least),
        threshold=threshold,
        as_measured=as_measured,
        sigma=sigma,
        k=clusters,
        silhouette=silhouette,
    )
    with quiet_output(json):
        done = analyze_neurons(
            session,
            _bundle_of(session, model),
            activity_bundle=open_bundle(activity_model) if activity_model is not None else None,
            stacks=stacks,
            out=out,
            as_parquet=parquet,
            choices=choices,
            note=say,
        )
    seen, raw = done.facts["neurons"], done.facts["raw_frames"]
    say(f"{seen['found']} neurons, {seen['active']} active, {seen['clusters']} groups, "
        f"{seen['between_groups']} between them "
        f"(raw frames: {raw['found']} neurons); wrote {out / 'neurons.png'}.")  # fmt: skip
    _finish(done.facts, json)


@analyze.command()
@guarded
def beads(
    inputs: Annotated[list[Path], typer.Argument(help="Stacks; or sessions, with --model.")],
    out: Out,
    model: options.Model = None,
    frame: FrameNumber = 0,
    pixel_size_um: Annotated[
        float | None, typer.Option(min=0, help="Pixel in the sample; default: the file's.")
    ] = None,
    z_step_um: Annotated[
        float | None, typer.Option(min=0, help="Distance of planes; default: the file's.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Widths of isolated beads (FWHM) sideways and along z, in stacks of any origin.

    Example: [bold]deepz-live analyze beads stacks/field_000_TexasRed.ome.tif --out beads[/bold]
    """
    from deepz_live.app.analyze.beads import analyze_beads

    with quiet_output(json), _engine(model) if model is not None else nullcontext() as engine:
        facts = analyze_beads(
            inputs,
            out=out,
            engine=engine,
            frame=frame,
            pixel_size_um=pixel_size_um,
            z_step_um=z_step_um,
            note=say,
        )
    say(f"{facts['beads']} isolated beads, median FWHM {_um(facts['median_lateral_fwhm_um'])} "
        f"sideways, {_um(facts['median_axial_fwhm_um'])} along z.")  # fmt: skip
    _finish(facts, json)


@analyze.command()
@guarded
def drift(
    session: Session,
    out: Out,
    model: options.Model = None,
    channel: Annotated[str | None, typer.Option(help="Channel; default: the first.")] = None,
    plane_um: Annotated[
        float | None,
        typer.Option(help="Plane of the compensated recording; default: the sharpest."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Drift of the sample during a recording, and the recording with the drift taken out.

    The compensated recording is a session of its own: replay shows it.

    Example: [bold]deepz-live analyze drift recordings/first --out drift[/bold]
    """
    from deepz_live.app.analyze.drift import COMPENSATED, analyze_drift
    from deepz_live.cli.headless import refuse_used_folder

    refuse_used_folder(out / COMPENSATED, "no compensated recording is written into it")
    with quiet_output(json):
        done = analyze_drift(
            session,
            _bundle_of(session, model),
            out=out,
            channel=channel,
            plane_um=plane_um,
            note=say,
        )
    text = f"{done.facts['frames']} frames, {done.facts['flagged']} not to be trusted"
    if "rmse_um" in done.facts:
        errors = done.facts["rmse_um"]
        text += f"; against the truth {errors['axial']:.2f} µm along z, "
        text += f"{errors['lateral']:.2f} µm sideways (RMSE)"
    say(f"{text}; wrote {out / 'drift.csv'}.")
    _finish(done.facts, json)


@analyze.command()
@guarded
def surface(
    input: Annotated[Path, typer.Argument(help="Image or session; a stack without --surface.")],
    out: Out,
    model: options.Model = None,
    spec: Annotated[
        str | None,
        typer.Option(
            "--surface",
            metavar="SPEC",
            help="tilt:1.5,0, cylinder:7.2@90 (mm), sine:64,4 (µm), points:…, auto; without: "
            "which waves are followed, against a stack.",
        ),
    ] = None,
    frame: FrameNumber = 0,
    json: options.Json = False,
) -> None:
    """Refocus a frame onto a tilted, curved or wavy surface and measure its beads.

    Example: [bold]deepz-live analyze surface tilted.tif --surface tilt:1.5,0 --out surface[/bold]
    """
    from deepz_live.app.analyze.surface import analyze_surface

    with quiet_output(json), _engine(model) as engine:
        facts = analyze_surface(input, engine, out=out, surface=spec, frame=frame, note=say)
    say(f"Wrote {out / 'surface.png'}.")
    _finish(facts, json)


@analyze.command()
@guarded
def dose(
    session: Session,
    out: Out,
    model: options.Model = None,
    irradiance: Annotated[
        float | None,
        typer.Option("--mw-cm2", help="Irradiance on the sample in mW/cm², for energies."),
    ] = None,
    move_ms: Annotated[
        float, typer.Option(min=0, help="What a stage would need from plane to plane.")
    ] = 0.0,
    json: options.Json = False,
) -> None:
    """Light of a recording for each plane seen, against a mechanical scan of the same planes.

    Example: [bold]deepz-live analyze dose recordings/first --mw-cm2 200 --out dose[/bold]
    """
    from deepz_live.app.analyze.dose import analyze_dose

    with quiet_output(json):
        facts = analyze_dose(
            session,
            _bundle_of(session, model),
            out=out,
            irradiance_mw_cm2=irradiance,
            move_ms=move_ms,
        )
    for row in facts["channels"]:
        say(f"{row['channel']}: {1000 * row['virtual']['per_plane_s']:.3g} ms of light for a "
            f"plane seen, a scan {1000 * row['scan']['per_plane_s']:.3g} ms "
            f"({row['times_less_light']} times as much).")  # fmt: skip
    _finish(facts, json)


def _bundle_of(session: Path, model: Path | None) -> Bundle:
    """The model given, else the shipped one unless the recording was made with another."""
    from deepz_live.cli.headless import bundle_for
    from deepz_live.session.reader import read_session

    return bundle_for(read_session(session), model)


@contextmanager
def _engine(model: Path | None) -> Iterator[Engine]:
    from deepz_live.cli.headless import open_bundle
    from deepz_live.refocus.engine import open_engine

    with closing(open_engine(open_bundle(model))) as engine:
        yield engine


def _finish(facts: Mapping[str, Any], json: bool) -> None:
    if json:
        print_json(facts)


def _um(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f} µm"
