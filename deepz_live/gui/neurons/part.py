"""Neurons of ``analyze neurons`` over the recording that they were found in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from PyQt6.QtWidgets import QDockWidget

from deepz_live.app.live import LiveSession
from deepz_live.app.neurons.belonging import belongs, check_belongs, results_beside
from deepz_live.app.neurons.looking import Looking, nearest
from deepz_live.app.neurons.results import NeuronResults, is_results, read_results
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.answers import Answers
from deepz_live.gui.layout.docks import show_dock
from deepz_live.gui.live_controller import planes_of
from deepz_live.gui.neurons.panel import NeuronsPanel, words_of
from deepz_live.gui.neurons.rings import RADIUS_UM, Field, Seen, near, rings, upright
from deepz_live.gui.panes.grid import MOST_PANES
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.gui.view_controller import ViewState
from deepz_live.refocus.cuts import PlaneCut, SectionCut
from deepz_live.refocus.drift import DriftSample
from deepz_live.refocus.view import RefocusResult
from deepz_live.session.reader import Session

T = TypeVar("T")
REACH_SCREEN_PX = 8
"""A click so far beside a small circle still means it."""


class NeuronsPart:
    """Keeps the neurons that are open and those that are marked; circles follow the sample.

    Circles are drawn as long as the panel is shown.
    """

    menu = "&Session"
    actions: Mapping[str, ActionSpec] = {
        "neurons_open": ActionSpec(
            "Open neurons…",
            "The folder that `analyze neurons` made of this recording",
            "",
            ("Ctrl+N",),
        ),
        "neurons_close": ActionSpec("Close neurons", "Take their circles off the panes"),
    }

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.panel = NeuronsPanel()
        self.looking: Looking | None = None
        self.marked: tuple[int, ...] = ()
        self._answers = Answers(shop)
        self._result: RefocusResult | None = None
        self._drift: DriftSample | None = None
        self.deeds: Mapping[str, Callable[[], None]] = {
            "neurons_open": self.ask,
            "neurons_close": self.close_results,
        }
        self.docks = (DockSpec("neurons", "Neurons", self.panel, "right"),)
        self.panel.chosen.connect(self.mark)
        self.panel.visited.connect(self.visit)
        self.panel.sought.connect(self._seek)
        shop.grid.clicked.connect(self._click)
        shop.grid.section_clicked.connect(self._click_section)
        shop.grid.panes_changed.connect(self._draw)

    @property
    def results(self) -> NeuronResults | None:
        """The neurons that are open."""
        return self.looking.results if self.looking is not None else None

    def use(self, live: LiveSession | None) -> None:
        """Another session: the neurons of a replayed one are looked for beside it."""
        self._answers.forget()
        self._result = self._drift = None
        session, results = self._session(), self.results
        if live is None or session is None:
            self.close_results()
        elif results is not None and belongs(results.origin, session):
            self._look(results, session, self.marked)  # the same recording, with another model
        else:
            self.close_results()
            self._call(lambda: _beside(session), lambda found: self._found(found, session))

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Circles go with the frame that is shown."""
        self._result = results[-1]
        drift = results[-1].drift
        if drift is not None and not drift.flagged:
            self._drift = drift
        self._draw()

    def slow_tick(self) -> None:
        """The cursor of the traces; circles come and go with the panel."""
        replay, looking = self._shop.transport.replay, self.looking
        if looking is not None and replay is not None:
            self.panel.show_time(looking.seconds_at(replay.position))
            self._draw()

    def takes(self, path: Path) -> bool:
        """Whether this is a folder of neurons."""
        return is_results(path)

    def ask(self) -> None:
        """Choose the folder."""
        path = self._shop.asking.folder("Open neurons: the folder of `analyze neurons`",
                                        "neurons", self._shop.recordings)  # fmt: skip
        if path is not None:
            self.open(path)

    def open(self, path: Path) -> None:
        """Read what ``analyze neurons`` left in ``path``, and show it over its recording."""
        self._answers.forget()
        session = self._session()
        self._call(lambda: _read(path, session), lambda results: self._opened(results, session))

    def close_results(self) -> None:
        """No neurons any more."""
        if self.looking is None:
            return
        self.looking, self.marked = None, ()
        self.panel.show_results(None)
        self._draw()

    def mark(self, neurons: tuple[int, ...]) -> None:
        """Look at these neurons and no others."""
        self.marked = neurons
        self.panel.show_marked(neurons)
        self._draw()
        if self.looking is not None and len(neurons) == 1:
            self._shop.say(words_of(self.looking.results, neurons[0]))

    def visit(self, neuron: int) -> None:
        """The plane nearest to a neuron's depth goes there, sections through it: one change."""
        if self.looking is None:
            return
        view = self._shop.view
        depth_um = round(float(self.looking.results.positions_um[neuron, 0]), 2)
        planes = {n: cut for n, cut in enumerate(view.cuts) if isinstance(cut, PlaneCut)}
        cuts = list(view.cuts)
        if planes:
            target = min(planes, key=lambda n: abs(planes[n].depth_um - depth_um))
            cuts[target] = PlaneCut(depth_um)
        elif len(cuts) < MOST_PANES:
            target = len(cuts)
            cuts.append(PlaneCut(depth_um))
        else:
            self._shop.say("No pane shows a plane; let one of the twelve show one.")
            return
        y, x = self._seen(held=True).pixels[neuron].tolist()
        view.show(ViewState(tuple(cuts), target, (y, x)))

    def _session(self) -> Session | None:
        """The recording that is replayed."""
        replay = self._shop.transport.replay
        series = replay.series if replay is not None else None
        return series if isinstance(series, Session) else None

    def _call(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Answers, and errors, that come after another session or folder are dropped."""
        self._shop.bridge.call(work, *self._answers.awaited(done))

    def _found(self, results: NeuronResults | None, session: Session) -> None:
        if results is not None:
            self._opened(results, session)

    def _opened(self, results: NeuronResults, session: Session | None) -> None:
        if session is None:
            return
        self._look(results, session, ())
        dock = self.panel.parentWidget()
        if isinstance(dock, QDockWidget):
            show_dock(dock)
        self._shop.say(f"{len(results)} neurons of this recording, from {results.folder.name}.")
        self._draw()

    def _look(self, results: NeuronResults, session: Session, marked: tuple[int, ...]) -> None:
        self.looking = Looking(results, session.facts)
        self.panel.show_results(results)
        self.mark(marked)

    def _seek(self, seconds: float) -> None:
        if self.looking is not None:
            self._shop.transport.seek(self.looking.place_at(seconds))
            self.slow_tick()

    def _click(self, pane: int, at: tuple[float, float] | None) -> None:
        """Mark the neuron whose circle was clicked; elsewhere the mark stays."""
        if self.looking is None or at is None or not self.panel.isVisible():
            return
        shown = self._shop.grid.panes[pane]
        seen, field = self._seen(held=shown.cut is not None), self._field()
        pixel = shown.view_rect.width() / max(shown.screen_px, 1.0)
        reach = max(RADIUS_UM / field.pixel_size_um, REACH_SCREEN_PX * pixel)
        found = nearest(seen.pixels, near(shown.cut, seen, field), at, reach)
        if found is not None:
            self.mark((found,))

    def _click_section(self, pane: int, at: tuple[float, float]) -> None:
        """The same in a section, whose two axes have scales of their own: on the screen."""
        shown = self._shop.grid.panes[pane]
        cut = shown.cut
        if self.looking is None or not isinstance(cut, SectionCut) or not self.panel.isVisible():
            return
        seen, field = self._seen(held=True), self._field()
        per_px = np.array(shown.scale)
        places = np.flatnonzero(near(cut, seen, field))
        spots = upright(cut, seen, field)[places] * per_px
        everyone = np.full(len(places), True)
        y, x = (np.array(at) * per_px).tolist()
        found = nearest(spots, everyone, (y, x), REACH_SCREEN_PX)
        if found is not None:
            self.mark((int(places[found]),))

    def _draw(self) -> None:
        panes = self._shop.grid.panes
        if self.looking is None or not self.panel.isVisible():
            for pane in panes:
                pane.set_rings(())
            return
        raw, held, field = self._seen(held=False), self._seen(held=True), self._field()
        for pane in panes:
            pane.set_rings(rings(pane.cut, raw if pane.cut is None else held, field))

    def _seen(self, *, held: bool) -> Seen:
        """Neurons in the raw frame, or in refocused ones, which may be held on the sample."""
        looking = self.looking
        if looking is None:
            raise ValueError("No neurons are open.")
        results, live = looking.results, self._shop.shown
        result, frame = self._result, live.latest_frame() if live is not None else None
        newest = result.frame if held and result is not None else frame
        place = looking.place_of(newest.index) if newest is not None else None
        pixels, z_um = looking.pixels_at(place or 0) + 0.5, results.positions_um[:, 0]
        drift = self._drift
        if held and drift is not None and self._shop.view.compensate:
            moved = np.array([drift.dy_um, drift.dx_um])
            pixels = pixels - moved / results.origin.recording.pixel_size_um
            z_um = z_um - drift.dz_um
        return Seen(pixels, z_um, results.cluster, self.marked)

    def _field(self) -> Field:
        grid, planes = self._shop.grid, planes_of(self._shop.shown)
        field = Field(grid.field, grid.pixel_size_um)
        if len(planes) < 2:
            return field
        step_um = (planes[-1] - planes[0]) / (len(planes) - 1)
        return replace(field, low_um=planes[0], step_um=step_um)


def _beside(session: Session) -> NeuronResults | None:
    folder = results_beside(session)
    return read_results(folder) if folder is not None else None


def _read(path: Path, session: Session | None) -> NeuronResults:
    results = read_results(path)
    check_belongs(results, session)
    return results
