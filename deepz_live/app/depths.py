"""Which cuts are shown side by side at the beginning, and where planes lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepz_live.refocus.cuts import Cut, PlaneCut, ProjectionCut
from deepz_live.refocus.view import ViewRequest

if TYPE_CHECKING:
    from deepz_live.refocus.engine import Engine

SPREAD_PLANES = 4
SPACING_UM = 3.0
RULER_UM = (-10.0, 10.0)
"""Ends of the depth knob's ruler."""


def opening_view(engine: Engine | None, *others: Engine) -> ViewRequest | None:
    """A request that the engines' models can all answer; None without an engine."""
    if engine is None:
        return None
    return ViewRequest(opening_cuts(common_range_um(engine, *others)))


def opening_cuts(range_um: tuple[float, float]) -> tuple[Cut, ...]:
    """The frame's own plane, the maximum over all, and planes spread evenly around."""
    low, high = range_um
    spread = plane_distances(SPACING_UM, range_um)
    return (
        PlaneCut(min(max(0.0, low), high)),
        ProjectionCut("max"),
        *(PlaneCut(depth) for depth in spread),
    )


def common_range_um(*engines: Engine) -> tuple[float, float]:
    """Refocus distances that all these models know, µm."""
    grids = [engine.bundle.facts.z_planes_um for engine in engines]
    return max(min(grid) for grid in grids), min(max(grid) for grid in grids)


def plane_distances(
    spacing_um: float, range_um: tuple[float, float], count: int = SPREAD_PLANES
) -> tuple[float, ...]:
    """``count`` depths around 0: … −2, −1, 1, 2 … times the spacing; 0 in between if odd.

    Where that leaves the range, they are spread evenly over the range.
    """
    half = count // 2
    steps = [step for step in range(-half, half + 1) if step or count % 2]
    wanted = tuple(float(step * spacing_um) for step in steps)
    low, high = range_um
    if not wanted or (low <= wanted[0] and wanted[-1] <= high):
        return wanted
    step_um = (high - low) / max(count - 1, 1)
    return tuple(round(low + i * step_um, 3) for i in range(count))
