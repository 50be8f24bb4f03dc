"""``calibrate``: what the wizard's pages ask, as options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepz_live.cli import options, parse
from deepz_live.cli.base import UsageError, app, guarded, say
from deepz_live.cli.headless import refuse_used_folder

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.acquire.request import CalibrationRequest, FieldRequest


@app.command()
@guarded
def calibrate(
    out: Annotated[Path, typer.Option(help="New folder for the stacks.")],
    profile: options.Profile = "simulated",
    set_: options.Set = None,
    fields: Annotated[
        int | None, typer.Option(min=1, help="Number of fields of view; default: the profile's.")
    ] = None,
    area: Annotated[
        str | None,
        typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Draw the fields at random from an area of so many µm around here.",
        ),
    ] = None,
    validation: Annotated[
        int, typer.Option(min=0, help="How many of the fields are for validation.")
    ] = 0,
    test: Annotated[
        int, typer.Option(min=0, help="How many of the fields are kept for testing.")
    ] = 0,
    channel: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:MS]", help="Channel and its exposure; may be repeated."),
    ] = None,
    range_um: Annotated[
        float | None, typer.Option(min=0.01, help="Full z range around the focus, µm.")
    ] = None,
    step_um: Annotated[
        float | None, typer.Option(min=0.001, help="Distance of the planes, µm.")
    ] = None,
    autofocus: Annotated[
        str | None, typer.Option(help="image, hardware or none; default: the profile's.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Capture this plan (YAML), and nothing that is said above.")
    ] = None,
    save_plan: Annotated[
        Path | None, typer.Option(help="Only write the plan there; nothing moves.")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the calibration in OUT at its first gap."),
    ] = False,
    repeat: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Take this field anew (with --resume); may be repeated."),
    ] = None,
) -> None:
    """Capture calibration z-stacks, one OME-TIFF a field and channel.

    Example: [bold]deepz-live calibrate --profile simulated --fields 3 --out stacks[/bold]
    """
    from deepz_live.acquire.microscope import open_microscope
    from deepz_live.acquire.plan import load_request
    from deepz_live.app.paths import find_profile
    from deepz_live.config import load_profile

    settings = load_profile(find_profile(profile), parse.overrides(set_ or []))
    asked = {"range_um": range_um, "step_um": step_um, "autofocus": _autofocus(autofocus)}
    if repeat and not resume:
        raise UsageError("--repeat takes fields of a calibration anew; give --resume as well.")
    if not resume and save_plan is None:
        refuse_used_folder(out, "no stack is captured into it")
    with open_microscope(settings) as microscope:
        if plan is not None:
            request = load_request(plan)
        else:
            request = _request(microscope, fields, area, channel or [], asked)
        if validation or test:
            request = _with_roles(request, validation, test)
        if save_plan is not None:
            _save(request, microscope, save_plan)
            return
        _capture(microscope, out, request, resume, [number - 1 for number in repeat or []])


def _capture(
    microscope: Microscope,
    out: Path,
    request: CalibrationRequest,
    resume: bool,
    repeat: list[int],
) -> None:
    from deepz_live.app.calibrate import RECORD, CalibrationRun
    from deepz_live.cli.capturing import with_progress

    # What was begun says itself what it is; the options only count for a new calibration.
    begun = resume and (out / RECORD).is_file()
    run = CalibrationRun(
        microscope, out, None if begun else request, resume=resume, repeat=tuple(repeat)
    )
    written = with_progress(run)
    say(f"Captured {len(written)} stack{'s' if len(written) != 1 else ''} into {out}.")


def _request(
    microscope: Microscope,
    count: int | None,
    area: str | None,
    channels: list[str],
    asked: dict[str, Any],
) -> CalibrationRequest:
    from deepz_live.acquire.request import default_request

    request = default_request(microscope.profile, microscope, count)
    update = {key: value for key, value in asked.items() if value is not None}
    if channels:
        update["channels"] = tuple(_channel(text, microscope) for text in channels)
    if area is not None:
        update["fields"] = _drawn(microscope, len(request.fields), area)
    return request.model_copy(update=update)


def _with_roles(request: CalibrationRequest, validation: int, test: int) -> CalibrationRequest:
    from deepz_live.acquire.request import with_roles

    fields = with_roles(request.fields, validation=validation, test=test)
    return request.model_copy(update={"fields": fields})


def _drawn(microscope: Microscope, count: int, area: str) -> tuple[FieldRequest, ...]:
    from deepz_live.acquire.request import field_size_um, random_fields

    width, cross, height = area.partition("x")
    try:
        size = (float(width), float(height))
    except ValueError:
        size = (0.0, 0.0)
    if not cross or min(size) <= 0:
        raise UsageError(
            f"--area {area!r} is not of the form WIDTHxHEIGHT in µm; write for example "
            "--area 1000x800."
        )
    return random_fields(microscope.xy_um, count, size, field_size_um(microscope))


def _channel(text: str, microscope: Microscope) -> Any:
    from deepz_live.config import ChannelSetting

    name, colon, exposure = text.partition(":")
    setting = ChannelSetting(name=name)
    try:
        exposure_ms = float(exposure) if colon else microscope.exposure_of(setting)
    except ValueError:
        exposure_ms = 0.0
    if not (name and exposure_ms > 0):
        raise UsageError(
            f"--channel {text!r} is not of the form NAME or NAME:MS; write for example "
            "--channel FITC:50."
        )
    return setting.model_copy(update={"exposure_ms": exposure_ms})


def _autofocus(text: str | None) -> str | None:
    if text in (None, "image", "hardware", "none"):
        return text
    raise UsageError(f"--autofocus {text!r} is none of image, hardware and none.")


def _save(request: CalibrationRequest, microscope: Microscope, path: Path) -> None:
    from deepz_live.acquire.plan import calibration_plan, save_plan
    from deepz_live.app.calibrate import estimate

    save_plan(calibration_plan(request, microscope), path)
    cost = estimate(request, microscope)
    say(
        f"Wrote the plan to {path}: {cost.frames} planes, about {cost.seconds / 60:.1f} minutes, "
        f"{cost.disk_bytes / 1e6:.0f} MB, {cost.exposure_s_per_field:.1f} s of light a field."
    )
