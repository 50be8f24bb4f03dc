"""Which circles a pane shows: neurons near what it cuts full, the others faint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.analyze.neuron_colours import colour
from deepz_live.app.neurons.looking import NEAR_UM
from deepz_live.gui.panes.overlay import Rings
from deepz_live.image.coarse import coarse
from deepz_live.image.dpm import SurfaceError
from deepz_live.refocus.cuts import Cut, PlaneCut, ProjectionCut, SectionCut, SurfaceCut

RADIUS_UM = 1.6
FAINT = 0.3
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Field:
    """Size ``(Y, X)`` and pixel of the frames; lowest plane and step of the model, if there is."""

    shape: tuple[int, int]
    pixel_size_um: float
    low_um: float = 0.0
    step_um: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Neurons as a pane shows them.

    Attributes
    ----------
    pixels
        ``(N, 2)`` (y, x) in pixels of a pane, where pixel 0 reaches from 0 to 1.
    z_um
        ``(N,)`` depths.
    cluster
        ``(N,)``
    marked
        Indices of the neurons that are looked at.
    """

    pixels: Floats
    z_um: Floats
    cluster: NDArray[np.int_]
    marked: tuple[int, ...] = ()


def near(cut: Cut | None, seen: Seen, field: Field) -> Bools:
    """``(N,)``: neurons within :data:`NEAR_UM` of what the cut shows; a raw frame is at 0."""
    if isinstance(cut, ProjectionCut):
        return np.full(len(seen.z_um), True)
    if isinstance(cut, SectionCut):
        across = seen.pixels[:, 0 if cut.axis == "xz" else 1]
        return np.abs(across - cut.at_px) * field.pixel_size_um <= NEAR_UM
    depth_um: float | Floats = 0.0
    if isinstance(cut, PlaneCut):
        depth_um = cut.depth_um
    elif isinstance(cut, SurfaceCut):
        depth_um = _heights(cut, seen.pixels, field)
    return np.asarray(np.abs(seen.z_um - depth_um) <= NEAR_UM)


def rings(cut: Cut | None, seen: Seen, field: Field) -> tuple[Rings, ...]:
    """Circles in the colours of the clusters, those that are marked thick and on top.

    In a section only what it cuts is shown.
    """
    centres, chosen = seen.pixels, near(cut, seen, field)
    radius_px = RADIUS_UM / field.pixel_size_um
    if isinstance(cut, SectionCut):
        centres, radius_px = upright(cut, seen, field), 0.0
    marked = np.isin(np.arange(len(seen.z_um)), seen.marked)
    groups = []
    for thick in (False, True):
        for full in (False, True):
            if isinstance(cut, SectionCut) and not full:
                continue
            for cluster in np.unique(seen.cluster).tolist():
                own = (marked == thick) & (chosen == full) & (seen.cluster == cluster)
                if own.any():
                    label = f"{np.flatnonzero(own)[0] + 1}" if len(seen.marked) == 1 else ""
                    groups.append(
                        Rings(
                            tuple(map(tuple, centres[own].round(2).tolist())),
                            radius_px * (1.3 if thick else 1.0),
                            colour(cluster),
                            width=(2.8 if thick else 1.4) if cluster or thick else 1.0,
                            opacity=1.0 if full else 2 * FAINT if thick else FAINT,
                            label=label if thick else "",
                        )
                    )
    return tuple(groups)


def upright(cut: SectionCut, seen: Seen, field: Field) -> Floats:
    """``(N, 2)`` places in a section's picture.

    Its depth axis has pixels, too, and begins below the lowest plane.
    """
    depth = (seen.z_um - field.low_um + field.step_um / 2) / field.pixel_size_um
    if cut.axis == "xz":
        return np.column_stack([depth, seen.pixels[:, 1]])
    return np.column_stack([seen.pixels[:, 0], depth])


def _heights(cut: SurfaceCut, pixels: Floats, field: Field) -> Floats:
    """``(N,)`` of a surface where the neurons are; one that cannot be made is far from all."""
    try:
        found = coarse(cut.surface, field.shape, field.pixel_size_um)
    except SurfaceError:
        return np.full(len(pixels), np.inf)
    rows, columns = found.heights_um.shape
    middle = (np.array(field.shape) - 1) / 2
    at = (pixels - 0.5 - middle) / found.step + [(rows - 1) / 2, (columns - 1) / 2]
    y, x = np.clip(np.rint(at).astype(int), 0, [rows - 1, columns - 1]).T
    return np.asarray(found.heights_um[y, x] + cut.offset_um, np.float64)
