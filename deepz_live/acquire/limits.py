"""The limits of the stage, asked before anything moves."""

from __future__ import annotations

import math

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
            f"Stage position x = {x_um:g}, y = {y_um:g} µm is outside the limit of "
            f"±{stage.xy_limit_um:g} µm; take fewer fields or, if the microscope allows it, "
            "widen stage.xy_limit_um in the profile."
        )
    _refuse_keep_out(f"Stage position x = {x_um:g}, y = {y_um:g} µm", (x_um, y_um), (0, 0), stage)


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
                f"{what} lies in the keep-out area x {area.x_min_um:g} … {area.x_max_um:g}, "
                f"y {area.y_min_um:g} … {area.y_max_um:g} µm; choose a place beside it, or "
                "change stage.keep_out in the profile."
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
