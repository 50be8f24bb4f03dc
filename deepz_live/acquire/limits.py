"""The limits of the stage, asked before anything moves."""

from __future__ import annotations

import math
from collections.abc import Mapping

from deepz_live.acquire.errors import LimitError
from deepz_live.config import KeepOut, Stage

TOLERANCE_UM = 1e-3
"""Rounding of a plan's positions is not a breach of a limit."""


def require_z(z_um: float, stage: Stage) -> None:
    """Raise :class:`LimitError` where ``z_um`` is outside ``z_min_um … z_max_um``."""
    inside = stage.z_min_um - TOLERANCE_UM <= z_um <= stage.z_max_um + TOLERANCE_UM
    if not (math.isfinite(z_um) and inside):
        raise LimitError(
            f"Focus position {z_um:g} µm is outside the stage's limits "
            f"{stage.z_min_um:g} … {stage.z_max_um:g} µm; stay inside or, if the microscope "
            "allows it, widen stage.z_min_um and stage.z_max_um in the profile."
        )


def require_xy(x_um: float, y_um: float, stage: Stage) -> None:
    """Raise :class:`LimitError` where x or y is further than ``xy_limit_um`` from zero."""
    limit = stage.xy_limit_um + TOLERANCE_UM
    if not (math.isfinite(x_um) and math.isfinite(y_um) and max(abs(x_um), abs(y_um)) <= limit):
        raise LimitError(
            f"Stage position {_place((x_um, y_um))} is outside the limit of "
            f"±{stage.xy_limit_um:g} µm; take fewer fields or, if the microscope allows it, "
            "widen stage.xy_limit_um in the profile."
        )
    _refuse_keep_out(f"Stage position {_place((x_um, y_um))}", (x_um, y_um), (0, 0), stage)


def require_way(start_um: tuple[float, float], end_um: tuple[float, float], stage: Stage) -> None:
    """Raise :class:`LimitError` where a move between two places (x, y) may touch a keep-out area.

    Either axis may be the faster one, so the whole rectangle between the two places counts.
    """
    area = _in_the_way(start_um, end_um, stage)
    if area is None:
        return
    if _touches(start_um, (0, 0), area):
        raise LimitError(
            f"The stage stands at {_place(start_um)} in the {_named(area)}; move it out by hand, "
            "or change stage.keep_out in the profile."
        )
    raise LimitError(
        f"The way from {_place(start_um)} to {_place(end_um)} may touch the {_named(area)}; go "
        "around it, one axis at a time, or change stage.keep_out in the profile."
    )


def require_ways(
    start_um: tuple[float, float], fields: Mapping[int, tuple[float, float]], stage: Stage
) -> None:
    """Raise :class:`LimitError` where the stage may not go from field to field, or back from one.

    ``fields`` are the places (x, y) by number (from 0) in the order of a run that begins and ends
    at ``start_um``, and that may be broken off at any of them.
    """
    here_um, here = start_um, "where the stage stands"
    for number, place_um in fields.items():
        there = f"field {number + 1}"
        _require_way_between(here, here_um, there, place_um, stage)
        _require_way_between(there, place_um, "where the stage stands", start_um, stage)
        here_um, here = place_um, there


def require_field(
    number: int, place_um: tuple[float, float], size_um: tuple[float, float], stage: Stage
) -> None:
    """Raise :class:`LimitError` where a field (number from 0; width, height) may not be."""
    require_xy(*place_um, stage)
    _refuse_keep_out(f"Field {number + 1}", place_um, size_um, stage)


def _refuse_keep_out(
    what: str, place_um: tuple[float, float], size_um: tuple[float, float], stage: Stage
) -> None:
    for area in stage.keep_out:
        if _touches(place_um, size_um, area):
            raise LimitError(
                f"{what} lies in the {_named(area)}; choose a place beside it, or change "
                "stage.keep_out in the profile."
            )


def _require_way_between(
    here: str,
    here_um: tuple[float, float],
    there: str,
    there_um: tuple[float, float],
    stage: Stage,
) -> None:
    area = _in_the_way(here_um, there_um, stage)
    if area is not None:
        raise LimitError(
            f"The way from {here} ({_place(here_um)}) to {there} ({_place(there_um)}) may touch "
            f"the {_named(area)}; take the fields at either side of it in calibrations of their "
            "own, with the stage moved there by hand, or change stage.keep_out in the profile."
        )


def _in_the_way(
    start_um: tuple[float, float], end_um: tuple[float, float], stage: Stage
) -> KeepOut | None:
    (x0, y0), (x1, y1) = start_um, end_um
    middle, size = ((x0 + x1) / 2, (y0 + y1) / 2), (abs(x1 - x0), abs(y1 - y0))
    return next((area for area in stage.keep_out if _touches(middle, size, area)), None)


def _place(place_um: tuple[float, float]) -> str:
    return f"x = {place_um[0]:g}, y = {place_um[1]:g} µm"


def _named(area: KeepOut) -> str:
    return (
        f"keep-out area x {area.x_min_um:g} … {area.x_max_um:g}, "
        f"y {area.y_min_um:g} … {area.y_max_um:g} µm"
    )


def _touches(place_um: tuple[float, float], size_um: tuple[float, float], area: KeepOut) -> bool:
    x, y = place_um
    wide, high = size_um[0] / 2, size_um[1] / 2
    return (
        x + wide >= area.x_min_um
        and x - wide <= area.x_max_um
        and y + high >= area.y_min_um
        and y - high <= area.y_max_um
    )
