"""Calibration as data: which fields, which planes, and whether the stage may go there."""

from __future__ import annotations

import math

import useq

from deepz_live.acquire.errors import LimitError
from deepz_live.acquire.limits import require_xy, require_z
from deepz_live.acquire.microscope import Microscope
from deepz_live.config import Calibration, Profile

DEFAULT_STEP_UM = 0.5
_MOST_PLANES = 2001


def calibration_plan(
    profile: Profile, microscope: Microscope, fields: int | None = None
) -> useq.MDASequence:
    """The plan of a calibration around the present position.

    Fields lie side by side from here, row by row, one field of view (or
    ``calibration.field_spacing_um``) apart. Each is a z-stack around its focus; with
    ``calibration.range_um: null`` it spans all that the stage's limits allow.

    Raises
    ------
    LimitError
        More than 2001 planes: a range or step given in the wrong unit.
    """
    centre, span, step = z_span(profile, microscope.z_um)
    planes = round(span / step) + 1
    if planes > _MOST_PLANES:
        raise LimitError(
            f"A range of {span:g} µm in steps of {step:g} µm makes {planes} planes, more than "
            f"{_MOST_PLANES}; choose a larger step_um or a smaller range_um."
        )
    count = fields if fields is not None else profile.calibration.fields
    x, y = microscope.xy_um
    positions = [
        useq.Position(x=x + dx, y=y + dy, z=centre, name=f"field_{number:03d}")
        for number, (dx, dy) in enumerate(_offsets(profile.calibration, microscope, count))
    ]
    group = profile.micromanager.channel_group if profile.micromanager else None
    channels = (
        [useq.Channel(config=profile.channel, group=group, exposure=microscope.exposure_ms)]
        if group
        else []
    )
    return useq.MDASequence(
        stage_positions=tuple(positions),
        channels=tuple(channels),
        z_plan=useq.ZRangeAround(range=(planes - 1) * step, step=step),
        axis_order=("p", "c", "z"),
    )


def positions_of(plan: useq.MDASequence) -> list[useq.Position]:
    """Where the fields of a calibration plan are, in its order."""
    return [place for place in plan.stage_positions if isinstance(place, useq.Position)]


def check_plan(plan: useq.MDASequence, profile: Profile) -> None:
    """Raise :class:`LimitError` if any position of the plan is outside the profile's limits."""
    for event in plan:
        if event.z_pos is not None:
            require_z(event.z_pos, profile.stage)
        if event.x_pos is not None and event.y_pos is not None:
            require_xy(event.x_pos, event.y_pos, profile.stage)


def z_span(profile: Profile, z_um: float) -> tuple[float, float, float]:
    """(centre, full range, step) of a field's stack in µm when the focus stands at ``z_um``."""
    calibration, stage = profile.calibration, profile.stage
    step = calibration.step_um or DEFAULT_STEP_UM
    if calibration.range_um is not None:
        return z_um, calibration.range_um, step
    return (stage.z_min_um + stage.z_max_um) / 2, stage.z_max_um - stage.z_min_um, step


def _offsets(
    calibration: Calibration, microscope: Microscope, count: int
) -> list[tuple[float, float]]:
    rows, columns = microscope.shape
    pixel = microscope.pixel_size_um
    across = calibration.field_spacing_um or columns * pixel
    down = calibration.field_spacing_um or rows * pixel
    wide = math.ceil(math.sqrt(count))
    return [((n % wide) * across, (n // wide) * down) for n in range(count)]
