"""Help: the keys, the tour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from PyQt6.QtWidgets import QMainWindow

from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.keys.sheet import KeySheet
from deepz_live.gui.keys.table import key_rows
from deepz_live.gui.parts import DockSpec
from deepz_live.gui.settings.keeper import SettingsKeeper
from deepz_live.gui.tour.steps import STEPS, Toured
from deepz_live.gui.tour.tour import Tour
from deepz_live.refocus.view import RefocusResult


class Helped(Toured, Protocol):
    """What the part needs of the window."""

    keeper: SettingsKeeper

    @property
    def window_itself(self) -> QMainWindow:
        """Where sheet and card are shown."""


class HelpPart:
    """The sheet of keys and the tour, one of each at a time."""

    menu = "&Help"
    docks: tuple[DockSpec, ...] = ()
    actions: Mapping[str, ActionSpec] = {
        "keys": ActionSpec("Keys and mouse", "Every key of this window", "", ("?", "F1")),
        "tour": ActionSpec("Tour in five steps", "What is what in this window"),
    }

    def __init__(self, home: Helped) -> None:
        self._home = home
        self.sheet: KeySheet | None = None
        self.tour: Tour | None = None
        self.deeds: Mapping[str, Callable[[], None]] = {
            "keys": self.show_keys,
            "tour": self.begin_tour,
        }

    def use(self, live: LiveSession | None) -> None:
        """Nothing depends on the session."""

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Nothing depends on the picture."""

    def slow_tick(self) -> None:
        """Nothing changes by itself."""

    def show_keys(self) -> None:
        """The sheet; pressed again, it goes."""
        if self.sheet is not None:
            self.sheet.close()
            return
        window = self._home.window_itself
        self.sheet = KeySheet(key_rows(window), window)
        self.sheet.finished.connect(self._sheet_gone)
        self.sheet.show()

    def begin_tour(self) -> None:
        """From its first step."""
        if self.tour is not None:
            self.tour.go(0)
            return
        self.tour = Tour(self._home.window_itself, STEPS, lambda step: step.target(self._home))
        self.tour.ended.connect(self._tour_gone)

    def greet(self) -> None:
        """The tour, for whom it is the first time; where nothing is remembered, it never is."""
        if self._home.keeper.remembers and not self._home.keeper.now.tour_done:
            self.begin_tour()

    def _sheet_gone(self) -> None:
        self.sheet = None

    def _tour_gone(self) -> None:
        self.tour = None
        self._home.keeper.change(tour_done=True)
