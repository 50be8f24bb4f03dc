"""Click to focus: a double click on a structure brings a pane to its depth of best focus."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deepz_live.analysis.best_focus import BestFocus
from deepz_live.app.live import LiveSession
from deepz_live.app.surfaces.ask import focus_at
from deepz_live.gui import theme
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.panes.overlay import Line
from deepz_live.gui.panes.titles import signed
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.gui.seen_channel import channel_at
from deepz_live.gui.stack_questions import StackQuestions
from deepz_live.refocus.cuts import PlaneCut, SectionCut
from deepz_live.refocus.view import RefocusResult

LAYER = "focus"
SHOWN_TICKS = 25
"""What was found stands over the pictures for five seconds."""
NOTHING = "nothing to focus on here"


class ClickToFocusPart:
    """From a double click to a depth, through the refocus thread."""

    menu = "&View"
    actions: Mapping[str, ActionSpec] = {
        "focus_here": ActionSpec(
            "Focus on the cross",
            "Bring a pane to the depth at which the structure at the cross is sharpest "
            "(or double-click a structure)",
            "target",
            ("Ctrl+F",),
        )
    }
    docks: tuple[DockSpec, ...] = ()

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._plane: int | None = None
        self._left = 0
        self._questions = StackQuestions(shop)
        self.last: BestFocus | None = None
        self.deeds: Mapping[str, Callable[[], None]] = {"focus_here": self.focus_on_cross}
        shop.grid.double_clicked.connect(self.focus_on)

    def use(self, live: LiveSession | None) -> None:  # noqa: ARG002
        """Another session, or none: answers of the old one come too late."""
        self._questions.forget()
        self._clear()

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Nothing follows the frames."""

    def slow_tick(self) -> None:
        """Remember which plane was worked with, before a click selects another pane."""
        view = self._shop.view
        if isinstance(view.cuts[view.selected], PlaneCut):
            self._plane = view.selected
        if self._left:
            self._left -= 1
            if not self._left:
                self._clear()

    def focus_on(self, pane: int, at: tuple[float, float]) -> None:
        """A pane was double-clicked at (y, x)."""
        cut = self._shop.view.cuts[pane]
        if isinstance(cut, SectionCut):
            at = (cut.at_px, at[1]) if cut.axis == "xz" else (at[0], cut.at_px)
        self._ask(pane, at)

    def focus_on_cross(self) -> None:
        """The key: what lies at the cross."""
        view = self._shop.view
        if view.cross_at is not None:
            self._ask(view.selected, view.cross_at)

    def _ask(self, pane: int, at: tuple[float, float]) -> None:
        self._questions.forget()
        # Pixel 0 reaches from 0 to 1 in a pane, and its centre is 0 in an image.
        work = focus_at((at[0] - 0.5, at[1] - 0.5), self._shop.view.compensate)
        channel = channel_at(self._shop.display, self._shop.grid, pane, at)
        self._questions.ask(work, lambda found: self._answer(pane, at, found), channel)

    def _answer(self, pane: int, at: tuple[float, float], found: BestFocus) -> None:
        self.last = found
        if not found.found:
            self._mark(at, NOTHING, theme.CAUTION, (pane,))
            self._shop.say(NOTHING.capitalize() + ".")
            return
        here = (found.y_px + 0.5, found.x_px + 0.5)
        depth = f"{signed(found.depth_um, 2)} µm"
        end = "; the end of the model's range, its focus may lie beyond" if found.at_end else ""
        self._shop.say(f"Best focus {depth}, confidence {found.confidence:.2f}{end}.")
        target = self._go(pane, here, found.depth_um)
        self._mark(here, f"{depth} ({found.confidence:.2f})", theme.ON_PICTURE_KNOB, (pane, target))

    def _go(self, pane: int, here: tuple[float, float], depth_um: float) -> int:
        """The pane that was clicked, if it is a plane; else the plane worked with, or a first."""
        view = self._shop.view
        planes = [n for n, cut in enumerate(view.cuts) if isinstance(cut, PlaneCut)]
        target = next((n for n in (pane, self._plane) if n in planes), None)
        if target is None and planes:
            target = planes[0]
        if target is None:
            view.add(PlaneCut(depth_um))
            target = len(view.cuts) - 1
        view.set_cut(target, PlaneCut(round(depth_um, 2)))
        view.select(target, here)
        return target

    def _mark(
        self, at: tuple[float, float], label: str, colour: str, labelled: tuple[int, ...]
    ) -> None:
        """A cross in all panes, its label in some."""
        self._clear()
        self._left = SHOWN_TICKS
        for number, pane in enumerate(self._shop.grid.panes):
            if not isinstance(pane.cut, SectionCut):
                line = Line((at,), label if number in labelled else "", colour)
                pane.set_overlay((line,), LAYER)

    def _clear(self) -> None:
        self._left = 0
        for pane in self._shop.grid.panes:
            pane.set_overlay((), LAYER)
