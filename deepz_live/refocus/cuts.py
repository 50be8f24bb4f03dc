"""What a pane may show of a virtual stack: a plane, a surface, a projection or a section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepz_live.image.dpm import Surface

ProjectionKind = Literal["max", "mean", "depth"]
SectionAxis = Literal["xz", "yz"]


@dataclass(frozen=True, slots=True)
class PlaneCut:
    """The plane at a refocus distance; its image is ``(Y, X)``."""

    depth_um: float


@dataclass(frozen=True, slots=True)
class SurfaceCut:
    """A surface, raised by ``offset_um``; its image is ``(Y, X)``."""

    surface: Surface
    offset_um: float = 0.0


@dataclass(frozen=True, slots=True)
class ProjectionCut:
    """All planes in one image.

    ``max`` and ``mean`` give ``(Y, X)``. ``depth`` gives ``(2, Y, X)``: the maximum, and the
    refocus distance in µm at which it lies.
    """

    kind: ProjectionKind = "max"


@dataclass(frozen=True, slots=True)
class SectionCut:
    """The stack cut upright through a pixel row or column.

    ``xz`` cuts along row ``at_px`` and gives ``(Z, X)``; ``yz`` cuts along column ``at_px`` and
    gives ``(Y, Z)``. Planes lie at the model's refocus distances; a row beyond the image is its
    last one.
    """

    axis: SectionAxis
    at_px: float


Cut = PlaneCut | SurfaceCut | ProjectionCut | SectionCut


def plane_depths(cuts: tuple[Cut, ...]) -> tuple[float, ...]:
    """Refocus distances in µm of the planes among ``cuts``, in their order."""
    return tuple(cut.depth_um for cut in cuts if isinstance(cut, PlaneCut))
