"""Surfaces: from the panel to the panes that show one, and what is measured for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication

from deepz_live.analysis.auto_surface import AutoSurface
from deepz_live.analysis.best_focus import BestFocus
from deepz_live.app.live import LiveSession
from deepz_live.app.surfaces.ask import auto_in, focus_at
from deepz_live.app.surfaces.recorded import recorded_surface
from deepz_live.app.surfaces.warnings import surface_warnings
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.focusing.part import NOTHING
from deepz_live.gui.panes.titles import signed
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.gui.seen_channel import channel_at, channel_shown
from deepz_live.gui.stack_questions import StackQuestions
from deepz_live.gui.surfaces.brush import Brush
from deepz_live.gui.surfaces.drawing import SurfaceDrawing, Wanted
from deepz_live.gui.surfaces.panel import SurfacePanel
from deepz_live.gui.surfaces.state import Kind, SurfaceState
from deepz_live.image.coarse import coarse
from deepz_live.image.dpm import Surface, SurfaceError, Uniform
from deepz_live.image.free import Free
from deepz_live.refocus.cuts import PlaneCut, SurfaceCut
from deepz_live.refocus.view import RefocusResult
from deepz_live.session.reader import Session
from deepz_live.session.replay import ReplaySource


class SurfacesPart:
    """Keeps one surface; the panes that show it follow it."""

    menu = "&Surfaces"
    actions: Mapping[str, ActionSpec] = {
        "surface_show": ActionSpec(
            "Show the surface in the selected pane",
            "Refocus along the surface that is set in the Surfaces panel",
            "",
            ("Ctrl+U",),
        ),
        "surface_auto": ActionSpec(
            "Find the surface of the sample",
            "Sharpest depth of every tile of the newest frame, smoothed; then shown",
            "",
            ("Ctrl+Shift+U",),
        ),
        "surface_pick": ActionSpec(
            "Pick points of the surface",
            "Each clicked structure gives a point at its own depth of best focus",
            "",
            ("Ctrl+Alt+U",),
        ),
    }

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.state = SurfaceState()
        self.panel = SurfacePanel()
        self._shown: Surface | None = None
        self._used_field = self._field()
        self._questions = StackQuestions(shop)
        self._drawing = SurfaceDrawing(shop.grid)
        self._brush = Brush()
        self._painted = False
        self.deeds: Mapping[str, Callable[[], None]] = {
            "surface_show": self.show_in_pane,
            "surface_auto": self.find,
            "surface_pick": self.pick,
        }
        self.docks = (DockSpec("surfaces", "Surfaces", self.panel, "right"),)
        self._connect()
        self._read()

    @property
    def showing(self) -> tuple[int, ...]:
        """Numbers of the panes along a surface that is set here."""
        view = self._shop.view
        return tuple(
            number
            for number, cut in enumerate(view.cuts)
            if isinstance(cut, SurfaceCut)
            and (number == view.selected or cut.surface == self._shown)
        )

    def use(self, live: LiveSession | None) -> None:
        """Another session; a replay brings the surface of its recording."""
        self._questions.forget()
        recorded = None
        source = live.source if live is not None else None
        if isinstance(source, ReplaySource) and isinstance(source.series, Session):
            recorded = recorded_surface(source.series.events)
        self.state.forget(recorded, same_field=self._field() == self._used_field)
        self._used_field = self._field()
        self._put_down()
        self._read()

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Panes fill themselves."""

    def slow_tick(self) -> None:
        """While the brush paints, panes follow five times a second."""
        if self._painted:
            self._painted = False
            self._follow()

    def choose(self, kind: Kind) -> None:
        """Another kind of surface; the brush begins on the one before."""
        if kind == "free":
            try:
                self.state.draw_on(*self._field())
            except SurfaceError as error:
                self._shop.fail(error)
        self.state.kind = kind
        self._put_down()
        self._changed()

    def show_in_pane(self) -> None:
        """Refocus the selected pane along the surface (a raw one: the first plane)."""
        surface, view = self.state.surface, self._shop.view
        if surface is None or not self._can_be_made(surface):
            self._shop.say(self.state.missing or "There is no such surface; see its panel.")
            return
        pane = view.selected
        if view.cuts[pane] is None:
            planes = [n for n, cut in enumerate(view.cuts) if isinstance(cut, PlaneCut)]
            pane = planes[0] if planes else pane
        self._shown = surface
        view.set_cut(pane, SurfaceCut(surface))
        view.select(pane)
        self._note()
        self._draw()

    def find(self) -> None:
        """Ask the refocus thread for the surface of the newest frame, then show it."""
        if self.state.kind != "auto":
            self.choose("auto")
        work = auto_in(self.state.auto_fit, self._shop.view.compensate)
        channel = channel_shown(self._shop.display, self._shop.grid)
        if self._questions.ask(work, self._found, channel):
            self._shop.say("Looking for the surface …")

    def pick(self) -> None:
        """The key: click points from now on, or no more."""
        if self.state.kind != "points":
            self.choose("points")
        self.panel.points.pick.toggle()

    def _found(self, found: AutoSurface) -> None:
        self.state.auto = found
        self._shop.say(f"Surface found from {found.used} tiles.")
        self._changed()
        if not self.showing:
            self.show_in_pane()
        else:
            self._note()

    def _set(self) -> None:
        self.panel.write(self.state)
        self._changed()

    def _changed(self) -> None:
        """Something is set otherwise: panel, panes, lines and warning follow."""
        self._read()
        self._follow()

    def _follow(self) -> None:
        """Panes get a surface that can be made; one that cannot is left to the warning."""
        surface, view = self.state.surface, self._shop.view
        if surface is not None and surface != self._shown and self._can_be_made(surface):
            for number in self.showing:
                cut = view.cuts[number]
                if isinstance(cut, SurfaceCut):
                    view.set_cut(number, SurfaceCut(surface, cut.offset_um))
            self._shown = surface
        self._draw()

    def _can_be_made(self, surface: Surface) -> bool:
        try:
            coarse(surface, *self._field())
        except SurfaceError:
            return False
        return True

    def _read(self) -> None:
        self.panel.read(self.state)
        self.panel.warn(self._warning())

    def _warning(self) -> str:
        live, surface = self._shop.shown, self.state.surface
        shape, pixel_size_um = self._field()
        if surface is None or live is None or live.engine is None or not pixel_size_um:
            return ""
        return "\n".join(surface_warnings(surface, shape, pixel_size_um, live.engine.bundle.facts))

    def _draw(self) -> None:
        panel = self.panel
        wanted = Wanted(
            contours=panel.contours.isChecked(),
            tint=panel.auto.tint.isChecked(),
            picking=panel.points.pick.isChecked(),
            brush=panel.free.brush.isChecked(),
        )
        self._drawing.draw(self.state, self._shown, wanted)

    def _click(self, pane: int, at: tuple[float, float] | None) -> None:
        """While points are picked: the best focus of what was clicked becomes a point."""
        picking = self.state.kind == "points" and self.panel.points.pick.isChecked()
        if picking and at is not None:
            work = focus_at((at[0] - 0.5, at[1] - 0.5), self._shop.view.compensate)
            channel = channel_at(self._shop.display, self._shop.grid, pane, at)
            self._questions.ask(work, self._add_point, channel)

    def _add_point(self, found: BestFocus) -> None:
        if not found.found:
            self.panel.tell(NOTHING.capitalize() + ": click a structure.")
            return
        self.state.add_point(found, *self._field())
        self._shop.say(
            f"Point at {signed(found.depth_um, 2)} µm, confidence {found.confidence:.2f}."
        )
        self._changed()

    def _remove_last(self) -> None:
        if self.state.points_um:
            self.state.points_um.pop()
            self._changed()

    def _remove_all(self) -> None:
        self.state.points_um.clear()
        self._changed()

    def _flatten(self) -> None:
        shape, pixel_size_um = self._field()
        self.state.free = Free.like(Uniform(0.0), shape, pixel_size_um)
        self._changed()

    def _drag(self, _pane: int, at: tuple[float, float] | None) -> None:
        """The brush at (y, x) of a pane; None where the stroke ends."""
        if self.state.kind != "free" or not self.panel.free.brush.isChecked():
            return
        if at is None:
            self._brush.lift()
            self._painted = False
            self._follow()
            self._read()
            self._note()
            return
        (height, width), pixel_size_um = self._field()
        at_um = ((at[0] - height / 2) * pixel_size_um, (at[1] - width / 2) * pixel_size_um)
        lower = QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier
        form = self.panel.free
        by_um = form.by.value() * (-1 if lower else 1)
        below = self.state.draw_on((height, width), pixel_size_um)
        self.state.free = self._brush.drawn(below, at_um, by_um, form.radius.value())
        self._painted = True

    def _note(self) -> None:
        """Into the running recording."""
        live = self._shop.shown
        if live is not None and (facts := self.state.facts()):
            live.note("surface", **facts)

    def _put_down(self) -> None:
        """Neither pick points nor paint any more."""
        self.panel.points.pick.setChecked(False)
        self.panel.free.brush.setChecked(False)

    def _field(self) -> tuple[tuple[int, int], float]:
        return self._shop.grid.field, self._shop.grid.pixel_size_um

    def _connect(self) -> None:
        panel, grid = self.panel, self._shop.grid
        panel.kind_wanted.connect(self.choose)
        panel.changed.connect(self._set)
        panel.show_wanted.connect(self.show_in_pane)
        panel.contours_wanted.connect(self._draw)
        panel.points.picking.connect(self._draw)
        panel.points.undo_wanted.connect(self._remove_last)
        panel.points.clear_wanted.connect(self._remove_all)
        panel.auto.find_wanted.connect(self.find)
        panel.auto.tint_wanted.connect(self._draw)
        panel.free.brush_wanted.connect(self._draw)
        panel.free.flatten_wanted.connect(self._flatten)
        grid.panes_changed.connect(self._draw)
        grid.clicked.connect(self._click)
        grid.dragged.connect(self._drag)
