"""What is to be captured: fields, channels, range and step, as the operator says it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import useq
from pydantic import Field

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.config import ChannelSetting, Optics, PositiveFloat, Profile, Settings

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope

Role = Literal["train", "validation", "test"]
Autofocus = Literal["image", "hardware", "none"]
DEFAULT_STEP_UM = 0.5
_ROUND_UM = 0.05
_TRIES = 40
_TOUCH_UM = 1e-3
"""Fields side by side share an edge, give or take a rounding."""


class FieldRequest(Settings):
    """One field of view: the stage's place at its centre and what its stacks are for."""

    x_um: float
    y_um: float
    z_um: float | None = None
    """Focus; ``None``: where the focus stands when the plan is made."""
    role: Role = "train"
    name: str = ""


class CalibrationRequest(Settings):
    """Everything that a calibration asks of the operator."""

    fields: Annotated[tuple[FieldRequest, ...], Field(min_length=1)]
    channels: Annotated[tuple[ChannelSetting, ...], Field(min_length=1)]
    range_um: PositiveFloat = 40.0
    """Full range of each stack around its focus."""
    step_um: PositiveFloat = DEFAULT_STEP_UM
    autofocus: Autofocus = "image"
    autofocus_range_um: PositiveFloat = 40.0

    @property
    def planes(self) -> int:
        """Planes of a stack, both ends included."""
        return round(self.range_um / self.step_um) + 1

    @property
    def span_um(self) -> float:
        """The range in whole steps."""
        return (self.planes - 1) * self.step_um


def default_request(
    profile: Profile, microscope: Microscope, fields: int | None = None
) -> CalibrationRequest:
    """The profile's calibration around the present position, all fields for training.

    Fields lie side by side from here, row by row, one field of view (or
    ``calibration.field_spacing_um``) apart. With ``calibration.range_um: null`` a stack spans
    all that the stage's limits allow, and nothing is focused.
    """
    calibration, stage = profile.calibration, profile.stage
    count = fields if fields is not None else calibration.fields
    places = _side_by_side(count, microscope, calibration.field_spacing_um)
    autofocus: Autofocus = "none"
    if calibration.autofocus:
        autofocus = "hardware" if calibration.autofocus == "hardware" else "image"
    span = calibration.range_um
    if span is None:
        middle = (stage.z_min_um + stage.z_max_um) / 2
        places = tuple(place.model_copy(update={"z_um": middle}) for place in places)
        span, autofocus = stage.z_max_um - stage.z_min_um, "none"
    channels = tuple(
        setting.model_copy(update={"exposure_ms": setting.exposure_ms or microscope.exposure_ms})
        for setting in profile.all_channels
    )
    return CalibrationRequest(
        fields=places,
        channels=channels,
        range_um=span,
        step_um=calibration.step_um or DEFAULT_STEP_UM,
        autofocus=autofocus,
        autofocus_range_um=calibration.autofocus_range_um,
    )


def grid_fields(
    first_um: tuple[float, float],
    rows: int,
    columns: int,
    field_um: tuple[float, float],
    *,
    gap_um: float = 0.0,
) -> tuple[FieldRequest, ...]:
    """Fields in rows, the first at ``first_um`` (x, y), the others to the right and below.

    ``field_um`` is (width, height) of a field in µm, ``gap_um`` what is left free between two.
    """
    width, height = field_um
    grid = useq.GridRowsColumns.model_validate(
        {
            "rows": rows,
            "columns": columns,
            "relative_to": "top_left",
            "mode": "row_wise",
            "fov_width": width + gap_um,
            "fov_height": height + gap_um,
        }
    )
    # A grid plan counts y upwards; +y is down in this program.
    offsets = [((place.x or 0.0), -(place.y or 0.0)) for place in grid]
    return _named([(first_um[0] + dx, first_um[1] + dy) for dx, dy in offsets])


def random_fields(
    centre_um: tuple[float, float],
    count: int,
    area_um: tuple[float, float],
    field_um: tuple[float, float],
    *,
    seed: int = 0,
) -> tuple[FieldRequest, ...]:
    """Fields drawn at random in an area (width, height) around ``centre_um``, none overlapping.

    Raises
    ------
    MicroscopeError
        They do not fit.
    """
    # More are drawn than wanted, and each that overlaps an earlier one is left out.
    drawn = useq.RandomPoints.model_validate(
        {
            "num_points": _TRIES * count,
            "max_width": max(area_um[0] - field_um[0], _TOUCH_UM),
            "max_height": max(area_um[1] - field_um[1], _TOUCH_UM),
            "shape": "rectangle",
            "random_seed": seed,
            "allow_overlap": True,
        }
    )
    places: list[tuple[float, float]] = []
    for place in drawn:
        here = (centre_um[0] + (place.x or 0.0), centre_um[1] + (place.y or 0.0))
        if len(places) < count and not any(_overlap(here, other, field_um) for other in places):
            places.append(here)
    if len(places) < count:
        raise MicroscopeError(
            f"Only {len(places)} of {count} fields of {field_um[0]:.0f} x {field_um[1]:.0f} µm fit "
            f"into {area_um[0]:.0f} x {area_um[1]:.0f} µm without overlap; take fewer fields or "
            "a larger area."
        )
    return _named(places)


def with_roles(
    fields: Sequence[FieldRequest], *, validation: int = 0, test: int = 0
) -> tuple[FieldRequest, ...]:
    """The last ``test`` fields for testing, the ``validation`` before for validation.

    Raises
    ------
    MicroscopeError
        None would be left for training.
    """
    left = len(fields) - validation - test
    if left < 1 or min(validation, test) < 0:
        raise MicroscopeError(
            f"{validation} validation and {test} test fields of {len(fields)} leave none to train "
            "on; capture more fields."
        )
    counts: tuple[tuple[Role, int], ...] = (
        ("train", left),
        ("validation", validation),
        ("test", test),
    )
    roles = [role for role, count in counts for _ in range(count)]
    return tuple(
        field.model_copy(update={"role": role}) for field, role in zip(fields, roles, strict=True)
    )


def overlapping(
    fields: Sequence[FieldRequest], field_um: tuple[float, float]
) -> list[tuple[int, int]]:
    """Pairs of fields (numbers from 0) that share more than an edge; sizes as (width, height)."""
    return [
        (first, second)
        for first in range(len(fields))
        for second in range(first + 1, len(fields))
        if _overlap(
            (fields[first].x_um, fields[first].y_um),
            (fields[second].x_um, fields[second].y_um),
            field_um,
        )
    ]


def proposed_step_um(optics: Optics) -> float:
    """Half the diffraction-limited depth of field, ``λ n / (2 NA²)``, in steps of 0.05 µm.

    Depth of field ``λ n / NA²``: Inoué & Spring, Video Microscopy, 2nd ed., chapter 2.
    """
    half = optics.emission_nm / 1000 * optics.immersion_index / (2 * optics.na**2)
    return max(math.floor(half / _ROUND_UM + 1e-9), 1) * _ROUND_UM


def field_size_um(microscope: Microscope) -> tuple[float, float]:
    """(width, height) of the camera's field of view in the sample."""
    rows, columns = microscope.shape
    return (columns * microscope.pixel_size_um, rows * microscope.pixel_size_um)


def _side_by_side(
    count: int, microscope: Microscope, spacing_um: float | None
) -> tuple[FieldRequest, ...]:
    size = (spacing_um, spacing_um) if spacing_um else field_size_um(microscope)
    columns = math.ceil(math.sqrt(count))
    return grid_fields(microscope.xy_um, math.ceil(count / columns), columns, size)[:count]


def _named(places: Sequence[tuple[float, float]]) -> tuple[FieldRequest, ...]:
    return tuple(
        FieldRequest(x_um=x, y_um=y, name=f"field_{number:03d}")
        for number, (x, y) in enumerate(places)
    )


def _overlap(
    one: tuple[float, float], other: tuple[float, float], field_um: tuple[float, float]
) -> bool:
    return all(
        abs(a - b) < side - _TOUCH_UM for a, b, side in zip(one, other, field_um, strict=True)
    )
