"""The limits of the stage, asked before anything moves."""

from __future__ import annotations

import math

from deepz_live.acquire.errors import LimitError
from deepz_live.config import Stage

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
