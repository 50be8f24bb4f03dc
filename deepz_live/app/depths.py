"""Which depths are shown side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepz_live.refocus.view import ViewRequest

if TYPE_CHECKING:
    from deepz_live.refocus.engine import Engine

FIXED_PLANES = 5
SPACING_UM = 3.0
RULER_UM = (-10.0, 10.0)
"""Ends of the depth knob's ruler."""


def opening_view(engine: Engine | None, *others: Engine) -> ViewRequest | None:
    """A request that the engines' models can all answer; None without an engine."""
    if engine is None:
        return None
    low, high = common_range_um(engine, *others)
    return ViewRequest(
        distances_um=plane_distances(SPACING_UM, (low, high)),
        free_um=min(max(0.0, low), high),
    )


def common_range_um(*engines: Engine) -> tuple[float, float]:
    """Refocus distances that all these models know, µm."""
    grids = [engine.bundle.facts.z_planes_um for engine in engines]
    return max(min(grid) for grid in grids), min(max(grid) for grid in grids)


def plane_distances(spacing_um: float, range_um: tuple[float, float]) -> tuple[float, ...]:
    """−2, −1, 0, 1, 2 times the spacing; where that leaves the range, evenly over the range."""
    half = FIXED_PLANES // 2
    wanted = tuple(float(step * spacing_um) for step in range(-half, half + 1))
    low, high = range_um
    if low <= wanted[0] and wanted[-1] <= high:
        return wanted
    step = (high - low) / (FIXED_PLANES - 1)
    return tuple(round(low + i * step, 3) for i in range(FIXED_PLANES))
