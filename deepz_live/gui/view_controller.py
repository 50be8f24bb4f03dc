"""What is looked at: the panes' cuts, the selected pane, compensation → one request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from deepz_live.app.depths import RULER_UM, SPACING_UM, opening_cuts, plane_distances
from deepz_live.gui.panes.grid import MOST_PANES
from deepz_live.image.coarse import coarse
from deepz_live.image.dpm import SurfaceError
from deepz_live.refocus.cuts import Cut, PlaneCut, SectionCut, SurfaceCut, plane_depths
from deepz_live.refocus.view import ViewRequest

WHEEL_UM = 0.2
WHEEL_PX = 2.0
REMEMBERED = 200


class Knob(Protocol):
    """What the controller needs of the knob."""

    def set_range(self, range_um: tuple[float, float]) -> None:
        """What can be dialled."""

    def set_value(self, depth_um: float) -> None:
        """Show a depth."""

    def set_marks(self, distances_um: tuple[float, ...]) -> None:
        """Show where the other planes lie."""


class Cutting(Protocol):
    """What the controller needs of the panes."""

    def show_cuts(self, cuts: tuple[Cut | None, ...], selected: int) -> None:
        """As many panes as cuts."""

    def set_cross(self, at: tuple[float, float] | None) -> None:
        """Mark where sections go through."""


class Viewed(Protocol):
    """The part of a live session that is asked."""

    def set_view(self, request: ViewRequest) -> None:
        """Look at other planes."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """What can be undone: a cut for each pane (None: raw), and which one the knob turns."""

    cuts: tuple[Cut | None, ...]
    selected: int
    cross_at: tuple[float, float] | None = None


class ViewController:
    """Keeps the request inside the model's range, so that it is never refused.

    ``changed`` is called after every change, for titles and whatever else follows.
    """

    def __init__(self, knob: Knob, grid: Cutting, changed: Callable[[], None]) -> None:
        self._knob, self._grid, self._changed = knob, grid, changed
        self._live: Viewed | None = None
        self._range_um: tuple[float, float] | None = None
        self._shape, self._pixel_size_um = (0, 0), 0.0
        self._spacing_um = SPACING_UM
        self._compensate = False
        cuts = opening_cuts(RULER_UM)
        section = SectionCut("xz", 0.0)
        self._state = ViewState((None, *cuts[:2], section, *cuts[2:]), 1)
        self._past: list[tuple[str, ViewState]] = []
        self._future: list[ViewState] = []

    @property
    def range_um(self) -> tuple[float, float] | None:
        """The model's range, or None without a model."""
        return self._range_um

    @property
    def cuts(self) -> tuple[Cut | None, ...]:
        """What each pane shows; None: the raw frame."""
        return self._state.cuts

    @property
    def selected(self) -> int:
        """Number of the pane that the knob turns."""
        return self._state.selected

    @property
    def depth_um(self) -> float | None:
        """Depth of the selected pane; None where it has none."""
        return _depth_of(self._state.cuts[self._state.selected])

    @property
    def cross_at(self) -> tuple[float, float] | None:
        """``(y, x)`` in pixels through which sections go."""
        return self._state.cross_at

    @property
    def compensate(self) -> bool:
        """Whether the view is held on the sample."""
        return self._compensate

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a change was taken back."""
        return bool(self._future)

    def request(self) -> ViewRequest:
        """All of it as the worker wants it; a cut that several panes show is made once."""
        cuts = dict.fromkeys(cut for cut in self._state.cuts if cut is not None)
        return ViewRequest(tuple(cuts), self._compensate)

    def use(
        self,
        live: Viewed | None,
        z_planes_um: tuple[float, ...],
        shape: tuple[int, int] = (0, 0),
        pixel_size_um: float = 0.0,
    ) -> None:
        """Another session, with the model's planes (none without a model) and its frames."""
        self._live = live
        self._range_um = (min(z_planes_um), max(z_planes_um)) if z_planes_um else None
        self._compensate = False
        if shape != self._shape or self._state.cross_at is None:
            self._shape = shape
            self._state = _crossed(self._state, (shape[0] / 2, shape[1] / 2))
        self._pixel_size_um = pixel_size_um
        self._past.clear()
        self._future.clear()
        self._take(self._state)

    def show(self, state: ViewState) -> None:
        """Other panes altogether (a preset, or those of the last time); sections at the cross."""
        at = state.cross_at or self._state.cross_at
        self._do("", _crossed(state, at) if at is not None else state)

    def state(self) -> ViewState:
        """All panes, to be kept for the next time."""
        return self._state

    def set_cut(self, pane: int, cut: Cut | None) -> None:
        """Show something else in a pane; the last raw pane stays raw."""
        cuts = list(self._state.cuts)
        cuts[pane] = cut
        if None in cuts:
            self._do(f"cut {pane}", replace(self._state, cuts=tuple(cuts)))

    def add(self, cut: Cut | None) -> None:
        """One pane more, up to twelve; it is selected."""
        cuts = self._state.cuts
        if len(cuts) < MOST_PANES:
            self._do("", replace(self._state, cuts=(*cuts, cut), selected=len(cuts)))

    def remove(self, pane: int) -> None:
        """One pane less; the last raw pane stays."""
        cuts = (*self._state.cuts[:pane], *self._state.cuts[pane + 1 :])
        if None in cuts:
            selected = self._state.selected - (pane < self._state.selected)
            selected = min(selected, len(cuts) - 1)
            self._do("", replace(self._state, cuts=cuts, selected=selected))

    def select(self, pane: int, at: tuple[float, float] | None = None) -> None:
        """The knob turns this pane from now on; sections go through ``at`` ``(y, x)``."""
        state = replace(self._state, selected=pane)
        if at is not None:
            state = _crossed(state, at)
        if state != self._state:
            self._do("select", state)

    def cross(self, at: tuple[float, float]) -> None:
        """Sections go through this pixel ``(y, x)`` from now on."""
        self._do("cross", _crossed(self._state, at))

    def turn(self, depth_um: float) -> None:
        """The knob was turned to a depth."""
        self._turn(self._state.selected, depth_um)

    def nudge(self, pane: int, notches: int) -> None:
        """The wheel was turned over a pane."""
        cut = self._state.cuts[pane]
        depth_um = _depth_of(cut)
        if depth_um is not None:
            self._turn(pane, round(depth_um + notches * WHEEL_UM, 3))
        elif isinstance(cut, SectionCut):
            y, x = self._state.cross_at or (0.0, 0.0)
            step = notches * WHEEL_PX
            self.cross((y + step, x) if cut.axis == "xz" else (y, x + step))

    def space(self, spacing_um: float) -> None:
        """Spread all planes but the selected one evenly around 0, so far apart."""
        self._spacing_um = spacing_um
        state = self._state
        places = [
            number
            for number, cut in enumerate(state.cuts)
            if isinstance(cut, PlaneCut) and number != state.selected
        ]
        depths = plane_distances(spacing_um, self._range_um or RULER_UM, len(places))
        cuts = list(state.cuts)
        for number, depth_um in zip(places, depths, strict=True):
            cuts[number] = PlaneCut(depth_um)
        self._do("space", replace(state, cuts=tuple(cuts)))

    def hold_still(self, on: bool) -> None:
        """Compensate the drift in the view, or not."""
        self._compensate = on
        self._ask()
        self._changed()

    def undo(self) -> None:
        """Take the last change back; turning the knob on and on is one change."""
        if self._past:
            self._future.append(self._state)
            _, state = self._past.pop()
            self._take(state)

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._future:
            self._past.append(("", self._state))
            self._take(self._future.pop())

    def _turn(self, pane: int, depth_um: float) -> None:
        cut = self._state.cuts[pane]
        turned: Cut
        if isinstance(cut, PlaneCut):
            turned = PlaneCut(self._inside(depth_um))
        elif isinstance(cut, SurfaceCut):
            turned = SurfaceCut(cut.surface, self._inside(depth_um))
        else:
            return
        cuts = list(self._state.cuts)
        cuts[pane] = turned
        self._do(f"turn {pane}", replace(self._state, cuts=tuple(cuts)))

    def _do(self, what: str, state: ViewState) -> None:
        """Take ``state``; changes of the same kind in a row are undone as one."""
        if not (what and self._past and self._past[-1][0] == what):
            self._past.append((what, self._state))
            del self._past[:-REMEMBERED]
        self._future.clear()
        self._take(state)

    def _take(self, state: ViewState) -> None:
        cuts = tuple(self._answerable(cut) for cut in state.cuts)
        self._state = replace(state, cuts=cuts)
        self._grid.show_cuts(cuts, state.selected)
        self._grid.set_cross(state.cross_at if self._range_um else None)
        self._show_knob()
        self._ask()
        self._changed()

    def _answerable(self, cut: Cut | None) -> Cut | None:
        """The cut, or what comes next to it in this model's range and on frames of this size."""
        if isinstance(cut, PlaneCut):
            return PlaneCut(self._inside(cut.depth_um))
        if isinstance(cut, SurfaceCut) and self._pixel_size_um:
            try:
                coarse(cut.surface, self._shape, self._pixel_size_um)
            except SurfaceError:
                return PlaneCut(self._inside(cut.offset_um))
        return cut

    def _inside(self, depth_um: float) -> float:
        low, high = self._depths()
        return min(max(depth_um, low), high)

    def _depths(self) -> tuple[float, float]:
        """Where planes may be: in the model's range, as far as the ruler goes."""
        low, high = self._range_um or RULER_UM
        return max(low, RULER_UM[0]), min(high, RULER_UM[1])

    def _dial(self) -> tuple[float, float]:
        """Where the knob may turn the selected pane to; nowhere where that has no depth."""
        if self._range_um is None or self.depth_um is None:
            return 0.0, 0.0
        return self._depths()

    def _show_knob(self) -> None:
        self._knob.set_range(self._dial())
        self._knob.set_value(self.depth_um or 0.0)
        others = [cut for n, cut in enumerate(self._state.cuts) if n != self._state.selected]
        depths = plane_depths(tuple(cut for cut in others if cut is not None))
        self._knob.set_marks(depths if self._range_um else ())

    def _ask(self) -> None:
        if self._live is not None and self._range_um is not None:
            self._live.set_view(self.request())


def _depth_of(cut: Cut | None) -> float | None:
    if isinstance(cut, PlaneCut):
        return cut.depth_um
    return cut.offset_um if isinstance(cut, SurfaceCut) else None


def _crossed(state: ViewState, at: tuple[float, float]) -> ViewState:
    """All sections go through ``at`` ``(y, x)``."""
    y, x = at
    cuts = tuple(
        replace(cut, at_px=y if cut.axis == "xz" else x) if isinstance(cut, SectionCut) else cut
        for cut in state.cuts
    )
    return ViewState(cuts, state.selected, at)
