"""Which surface the operator works on: its kind, what each kind was set to, and what comes of it.

Knows no Qt: the panel shows it, the part asks the live session for what must be measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from deepz_live.analysis.auto_surface import AutoSurface
from deepz_live.analysis.best_focus import BestFocus
from deepz_live.image.dpm import Cylinder, Surface, Tilt, Uniform
from deepz_live.image.free import Free
from deepz_live.image.points import Points
from deepz_live.image.surface_fit import FEWEST, FitKind
from deepz_live.image.surface_text import surface_text

Kind = Literal["uniform", "tilt", "cylinder", "points", "auto", "free", "recorded"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Point = tuple[float, float, float]


@dataclass
class SurfaceState:
    """Everything that was set, so that going back to a kind finds it as it was left."""

    kind: Kind = "uniform"
    uniform: Uniform = Uniform(0.0)
    tilt: Tilt = Tilt(0.0, 0.0)
    cylinder: Cylinder = Cylinder(7.2, 90.0)
    points_um: list[Point] = field(default_factory=list)
    points_fit: FitKind = "plane"
    auto: AutoSurface | None = None
    auto_fit: FitKind = "quadratic"
    free: Free | None = None
    recorded: Surface | None = None

    @property
    def surface(self) -> Surface | None:
        """What comes of it; None where something is missing (:attr:`missing` says what)."""
        if self.kind == "points":
            enough = len(self.points_um) >= FEWEST[self.points_fit]
            return Points(tuple(self.points_um), self.points_fit) if enough else None
        if self.kind == "auto":
            return self.auto.surface if self.auto is not None else None
        made: dict[Kind, Surface | None] = {
            "uniform": self.uniform,
            "tilt": self.tilt,
            "cylinder": self.cylinder,
            "free": self.free,
            "recorded": self.recorded,
        }
        return made[self.kind]

    @property
    def missing(self) -> str:
        """What to do to get a surface; empty where there is one."""
        if self.surface is not None:
            return ""
        if self.kind == "points":
            count, fewest = len(self.points_um), FEWEST[self.points_fit]
            return f"{count} of at least {fewest} points. Press Pick points, then click structures."
        if self.kind == "auto":
            return "Not found yet. Press Find now."
        if self.kind == "recorded":
            return "This recording holds no surface."
        return "Not drawn yet."

    def add_point(self, found: BestFocus, shape: tuple[int, int], pixel_size_um: float) -> None:
        """One point more, where a structure of an image of ``shape`` pixels is in focus."""
        y, x = (
            round((at - (side - 1) / 2) * pixel_size_um, 3)
            for at, side in zip((found.y_px, found.x_px), shape, strict=True)
        )
        self.points_um.append((round(found.depth_um, 3), y, x))

    def facts(self) -> dict[str, str | int | float]:
        """For the journal of a recording: the surface, and what it rests on."""
        surface, found = self.surface, self.auto
        if surface is None:
            return {}
        facts: dict[str, str | int | float] = {"surface": surface_text(surface), "how": self.kind}
        if self.kind == "auto" and found is not None:
            facts |= {"fit": found.fit, "tiles": found.used, "residual_um": found.residual_um}
        return facts

    def forget(self, recorded: Surface | None, *, same_field: bool) -> None:
        """Another session: points and what was found belong to the sample of the old one.

        What was drawn stays where the new frames are of the same size.
        """
        self.points_um.clear()
        self.auto, self.recorded = None, recorded
        if not same_field:
            self.free = None
        if recorded is not None:
            self.kind = "recorded"
        elif self.kind == "recorded" or (self.kind == "free" and self.free is None):
            self.kind = "uniform"

    def draw_on(self, shape: tuple[int, int], pixel_size_um: float) -> Free:
        """The drawn surface; the first time it begins as what is shown, or flat.

        Raises :class:`SurfaceError` where that cannot be made for such an image.
        """
        if self.free is None:
            below = self.surface if self.kind != "free" else None
            self.free = Free.like(below or self.uniform, shape, pixel_size_um)
        return self.free
