"""Contour lines, points, confidence and the brush, on those panes that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from deepz_live.analysis.auto_surface import AutoSurface
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.gui.panes.overlay import Line
from deepz_live.gui.surfaces.lines import Tint, confidence_tint, contour_lines, point_lines
from deepz_live.gui.surfaces.state import SurfaceState
from deepz_live.image.dpm import Surface
from deepz_live.refocus.cuts import SectionCut, SurfaceCut

CONTOURS, POINTS = "contours", "points"
REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator wants drawn."""

    contours: bool = True
    tint: bool = True
    picking: bool = False
    brush: bool = False


class SurfaceDrawing:
    """Draws over the panes of a grid; lines of a surface are worked out once."""

    def __init__(self, grid: PaneGrid) -> None:
        self._grid = grid
        self._drawn: dict[tuple[SurfaceCut, tuple[int, int], float], tuple[Line, ...]] = {}
        self._tint: tuple[AutoSurface, tuple[int, int], Tint] | None = None

    def draw(self, state: SurfaceState, shown: Surface | None, wanted: Wanted) -> None:
        """``shown`` is the surface of those panes that follow ``state``."""
        shape, pixel_size_um = self._grid.field, self._grid.pixel_size_um
        points = point_lines(state.points_um, shape, pixel_size_um) if pixel_size_um else ()
        tint = None
        if state.kind == "auto" and state.auto is not None and wanted.tint:
            tint = self._tint_of(state.auto, shape)
        for pane in self._grid.panes:
            cut = pane.cut
            ours = isinstance(cut, SurfaceCut) and cut.surface == shown
            along = cut if isinstance(cut, SurfaceCut) and wanted.contours else None
            pane.set_overlay(self._lines(along) if along is not None else (), CONTOURS)
            marked = ours or (wanted.picking and not isinstance(cut, SectionCut))
            pane.set_overlay(points if marked and state.kind == "points" else (), POINTS)
            pane.set_tint(*(tint if tint is not None and ours else (None, None)))
            pane.set_brush(ours and wanted.brush and state.kind == "free")

    def _tint_of(self, found: AutoSurface, shape: tuple[int, int]) -> Tint:
        """The same object as long as it is the same surface."""
        if self._tint is None or self._tint[0] is not found or self._tint[1] != shape:
            self._tint = found, shape, confidence_tint(found, shape)
        return self._tint[2]

    def _lines(self, cut: SurfaceCut) -> tuple[Line, ...]:
        key = (cut, self._grid.field, self._grid.pixel_size_um)
        if key not in self._drawn:
            if len(self._drawn) >= REMEMBERED:
                self._drawn.clear()
            self._drawn[key] = contour_lines(cut.surface, key[1], key[2], cut.offset_um)
        return self._drawn[key]
