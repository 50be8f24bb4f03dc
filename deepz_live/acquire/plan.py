"""Calibration as data: a plan that useq tools can run, and whether the stage may go there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import useq
import yaml
from pydantic import ValidationError

from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.limits import require_field, require_ways, require_xy, require_z
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.request import (
    CalibrationRequest,
    FieldRequest,
    field_size_um,
    overlapping,
)
from deepz_live.config import ChannelSetting, Profile

NOTES = "deepz_live"
"""Key of the plan's metadata with what useq has no word for: roles, autofocus, models."""
_MOST_PLANES = 2001


def calibration_plan(request: CalibrationRequest, microscope: Microscope) -> useq.MDASequence:
    """The plan of a calibration: fields, in each its channels, in each its planes from below.

    Raises
    ------
    LimitError
        A field overlaps another or a keep-out area, such an area lies on the way, a plane or place
        is outside the limits, or more than 2001 planes: a range or step given in the wrong unit.
        Nothing has moved.
    MicroscopeError
        A channel that the microscope does not have.
    """
    if request.planes > _MOST_PLANES:
        raise LimitError(
            f"A range of {request.range_um:g} µm in steps of {request.step_um:g} µm makes "
            f"{request.planes} planes, more than {_MOST_PLANES}; choose a larger step_um or a "
            "smaller range_um."
        )
    for setting in request.channels:
        microscope.require_channel(setting.name)
    _refuse_overlap(request, microscope)
    plan = useq.MDASequence(
        stage_positions=tuple(_place(field, microscope.z_um) for field in request.fields),
        channels=_channels(request, microscope),
        z_plan=useq.ZRangeAround(range=request.span_um, step=request.step_um),
        axis_order=("p", "c", "z"),
        metadata={NOTES: _notes(request)},
    )
    check_plan(plan, microscope.profile)
    check_ways(plan, range(len(request.fields)), microscope)
    return plan


def check_ways(plan: useq.MDASequence, fields: Iterable[int], microscope: Microscope) -> None:
    """Raise :class:`LimitError` where a keep-out area may lie between these fields of the plan.

    From where the stage stands to the first, from each to the next, and back from each.
    """
    stage = microscope.profile.stage
    if stage.keep_out:
        places = {number: place_of(plan, number)[:2] for number in fields}
        require_ways(microscope.xy_um, places, stage)


def positions_of(plan: useq.MDASequence) -> list[useq.Position]:
    """Where the fields of a calibration plan are, in its order."""
    return [place for place in plan.stage_positions if isinstance(place, useq.Position)]


def place_of(plan: useq.MDASequence, field: int) -> tuple[float, float, float]:
    """(x, y, z) µm of a field of a calibration plan."""
    place = positions_of(plan)[field]
    return (place.x or 0.0, place.y or 0.0, place.z or 0.0)


def stack_plan(
    plan: useq.MDASequence, field: int, channel: str, focus_um: float
) -> useq.MDASequence:
    """The part of a calibration plan that is one stack, around the focus that was found."""
    place = positions_of(plan)[field].replace(z=focus_um)
    channels = tuple(one for one in plan.channels if one.config == channel)
    return plan.replace(stage_positions=(place,), channels=channels)


def plan_facts(plan: useq.MDASequence) -> dict[str, Any]:
    """The plan as plain values, for a record; :func:`plan_from` reads them back."""
    return dict(plan.model_dump(mode="json", exclude_unset=True))


def plan_from(facts: dict[str, Any]) -> useq.MDASequence:
    """A plan from :func:`plan_facts`."""
    return useq.MDASequence(**facts)


def check_plan(plan: useq.MDASequence, profile: Profile) -> None:
    """Raise :class:`LimitError` if any position of the plan is outside the profile's limits."""
    for event in plan:
        if event.z_pos is not None:
            require_z(event.z_pos, profile.stage)
        if event.x_pos is not None and event.y_pos is not None:
            require_xy(event.x_pos, event.y_pos, profile.stage)


def save_plan(plan: useq.MDASequence, path: Path) -> None:
    """Write the plan as YAML, to be edited, run again, or run by another useq tool.

    Raises
    ------
    MicroscopeError
        It cannot be written.
    """
    try:
        path.write_text(str(plan.yaml(exclude_unset=True)), encoding="utf-8")
    except OSError as error:
        raise MicroscopeError(
            f"The plan could not be written to {path} ({error.strerror or error}); choose a "
            "folder that exists and can be written to."
        ) from error


def load_plan(path: Path) -> useq.MDASequence:
    """Read a plan. Raises :class:`MicroscopeError` where the file is none."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise MicroscopeError(
                f"Plan {path} holds {type(data).__name__}, not keys and values; give a plan that "
                "was saved as YAML."
            )
        return useq.MDASequence(**data)
    except OSError as error:
        raise MicroscopeError(
            f"Plan {path} could not be read ({error.strerror or error}); give the path of a "
            ".yaml file."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError, TypeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise MicroscopeError(
            f"Plan {path} is not a plan of fields, channels and planes ({reason}); mend that "
            "line or save the plan anew."
        ) from error


def load_request(path: Path) -> CalibrationRequest:
    """The request in a saved plan, edited or not.

    Raises
    ------
    MicroscopeError
        Not a plan, or one without absolute fields or an even z-stack around them.
    """
    return request_of(load_plan(path), str(path))


def request_of(plan: useq.MDASequence, name: str = "the plan") -> CalibrationRequest:
    """The request that a plan answers. Raises :class:`MicroscopeError` as :func:`load_request`."""
    span = plan.z_plan
    places = positions_of(plan)
    if not isinstance(span, useq.ZRangeAround) or any(p.x is None or p.y is None for p in places):
        raise MicroscopeError(
            f"Plan {name} is no calibration: it needs stage_positions with x and y, and a z_plan "
            "with range and step."
        )
    notes = plan.metadata.get(NOTES, {})
    roles = notes.get("roles", [])
    try:
        named = {one["name"]: ChannelSetting(**one) for one in notes.get("channels", [])}
        return CalibrationRequest(
            fields=tuple(
                FieldRequest(
                    x_um=place.x or 0.0,
                    y_um=place.y or 0.0,
                    z_um=place.z,
                    role=roles[number] if number < len(roles) else "train",
                    name=place.name or f"field_{number:03d}",
                )
                for number, place in enumerate(places)
            ),
            channels=tuple(
                named.get(channel.config, ChannelSetting(name=channel.config)).model_copy(
                    update={"exposure_ms": channel.exposure}
                )
                for channel in plan.channels
            )
            or tuple(named.values()),
            range_um=span.range,
            step_um=span.step,
            **{key: notes[key] for key in ("autofocus", "autofocus_range_um") if key in notes},
        )
    except (ValidationError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())[:300]
        raise MicroscopeError(
            f"Plan {name} cannot be used ({reason}); mend that value or save the plan anew."
        ) from error


def _place(field: FieldRequest, z_um: float) -> useq.Position:
    height = field.z_um if field.z_um is not None else z_um
    return useq.Position(x=field.x_um, y=field.y_um, z=height, name=field.name or None)


def _channels(request: CalibrationRequest, microscope: Microscope) -> tuple[useq.Channel, ...]:
    """Presets of the channel group; none where the light path is left alone."""
    group = microscope.channel_group
    if group is None:
        return ()
    return tuple(
        useq.Channel(config=setting.name, group=group, exposure=microscope.exposure_of(setting))
        for setting in request.channels
    )


def _notes(request: CalibrationRequest) -> dict[str, Any]:
    return {
        "roles": [field.role for field in request.fields],
        "channels": [setting.model_dump(mode="json") for setting in request.channels],
        "autofocus": request.autofocus,
        "autofocus_range_um": request.autofocus_range_um,
    }


def _refuse_overlap(request: CalibrationRequest, microscope: Microscope) -> None:
    size = field_size_um(microscope)
    pairs = overlapping(request.fields, size)
    if pairs:
        first, second = pairs[0]
        raise LimitError(
            f"Fields {first + 1} and {second + 1} overlap (a field is {size[0]:.1f} x "
            f"{size[1]:.1f} µm), so that a model would be tested on what it was trained on; move "
            "one of them away."
        )
    for number, field in enumerate(request.fields):
        require_field(number, (field.x_um, field.y_um), size, microscope.profile.stage)
