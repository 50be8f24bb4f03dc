"""Markers and notes: one key while recording or looking again, a list, jumps between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from deepz_live.app.live import LiveSession
from deepz_live.app.marking import Mark, MarkingError, marks_of, prepare_mark
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.markers.panel import MarkersPanel
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.gui.replay.bar import clock
from deepz_live.refocus.view import RefocusResult


class MarkersPart:
    """Writes through the bridge; shows what is in the recording."""

    menu = "&Session"
    actions: Mapping[str, ActionSpec] = {
        "marker": ActionSpec("Marker", "Mark the frame that is shown", "", ("M",)),
        "note": ActionSpec("Marker with a note…", "Mark this frame and write why", "", ("Ctrl+M",)),
        "marker_back": ActionSpec("Marker before", "Go to the marker before", "", ("Ctrl+Left",)),
        "marker_on": ActionSpec("Next marker", "Go to the next marker", "", ("Ctrl+Right",)),
    }

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.panel = MarkersPanel()
        self.marks: tuple[Mark, ...] = ()
        self._session: Path | None = None
        self._write: Callable[[str], Mark] | None = None
        self.deeds: Mapping[str, Callable[[], None]] = {
            "marker": self.mark,
            "note": self.ask_note,
            "marker_back": lambda: self.jump(-1),
            "marker_on": lambda: self.jump(1),
        }
        self.docks = (DockSpec("markers", "Markers", self.panel, "right"),)
        self.panel.chosen.connect(self.go)
        self.panel.wanted.connect(self.mark)
        self.panel.written.connect(self._note)
        self.panel.given_up.connect(self._forget)

    def use(self, live: LiveSession | None) -> None:
        """The markers of another session."""
        replay = self._shop.transport.replay
        self._write = None
        self._session = None
        self._show(marks_of(replay.series) if live is not None and replay is not None else ())

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Nothing follows single results."""

    def slow_tick(self) -> None:
        """Another recording begins with an empty list."""
        live = self._shop.shown
        if live is None or self._shop.transport.replay is not None:
            return
        session = live.status().session
        if session != self._session:
            self._session = session
            self._show(())

    def mark(self) -> None:
        """The key: mark the frame that is shown now."""
        write = self._hold()
        if write is not None:
            self._call(write, "")

    def ask_note(self) -> None:
        """Hold the frame that is shown now, and let a note be written to it."""
        self._write = self._hold()
        if self._write is not None:
            dock = self.panel.parentWidget()
            if dock is not None:
                dock.show()
                dock.raise_()
            self.panel.ask_note("Note to that frame, then Enter")

    def go(self, row: int) -> None:
        """A row of the list was chosen."""
        if row < len(self.marks):
            place = self.marks[row].place
            if place is not None:
                self._shop.transport.seek(place)

    def jump(self, direction: int) -> None:
        """To the next marker, or (−1) the one before."""
        replay = self._shop.transport.replay
        if replay is None:
            return
        here = replay.position
        places = sorted({mark.place for mark in self.marks if mark.place is not None})
        ahead = [place for place in places if (place - here) * direction > 0]
        if ahead:
            self._shop.transport.seek(ahead[0] if direction > 0 else ahead[-1])

    def _hold(self) -> Callable[[str], Mark] | None:
        self.slow_tick()  # a recording may have begun since
        try:
            return prepare_mark(self._shop.shown)
        except MarkingError as error:
            self._shop.fail(error)
            return None

    def _note(self, text: str) -> None:
        write, self._write = self._write, None
        if write is not None:
            self._call(write, text)

    def _forget(self) -> None:
        self._write = None

    def _call(self, write: Callable[[str], Mark], text: str) -> None:
        live = self._shop.shown

        def done(mark: Mark) -> None:
            self._shop.say(f"Marked {clock(mark.seconds)}, frame {mark.index}.")
            if self._shop.shown is live:
                self._show(tuple(sorted((*self.marks, mark), key=lambda one: one.seconds)))

        self._shop.bridge.call(lambda: write(text), done, self._shop.fail)

    def _show(self, marks: tuple[Mark, ...]) -> None:
        self.marks = marks
        self.panel.show_marks(marks)
        self._shop.transport.show_marks(
            tuple((mark.place, mark.text) for mark in marks if mark.place is not None)
        )
