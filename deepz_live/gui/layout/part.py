"""Arrangements and themes as menu rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Protocol

from PyQt6.QtWidgets import QApplication, QMainWindow, QWidget

from deepz_live.app.live import LiveSession
from deepz_live.gui import theme
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.layout.arrangement import Arrangement
from deepz_live.gui.layout.painting import PaintedLater
from deepz_live.gui.layout.presets import PRESETS
from deepz_live.gui.parts import DockSpec
from deepz_live.gui.settings.keeper import SettingsKeeper
from deepz_live.gui.turns import Turns
from deepz_live.refocus.view import RefocusResult


class Arranged(Protocol):
    """What the part needs of the window."""

    keeper: SettingsKeeper
    arrangement: Arrangement

    def window(self) -> QWidget | None:
        """The window itself."""


class LayoutPart:
    """Ctrl+1, Ctrl+2 … and the light."""

    menu = "&View"
    docks: tuple[DockSpec, ...] = ()

    def __init__(self, window: Arranged) -> None:
        self._window = window
        self._turns = Turns()
        self.actions: Mapping[str, ActionSpec] = {
            **{
                f"preset_{key}": ActionSpec(preset.title, preset.tip, "", (f"Ctrl+{number}",))
                for number, (key, preset) in enumerate(PRESETS.items(), start=1)
            },
            "first_layout": ActionSpec(
                "Panels as at first", "Put every panel back to where it was at the first start"
            ),
            "other_theme": ActionSpec(
                "Dark / light", "Colours for a dark room, or for a bright one", "", ("Ctrl+T",)
            ),
        }
        self.deeds: Mapping[str, Callable[[], None]] = {
            **{f"preset_{key}": partial(self._arrange, key) for key in PRESETS},
            "first_layout": self._reset,
            "other_theme": self._other_theme,
        }

    def use(self, live: LiveSession | None) -> None:
        """Nothing depends on the session."""

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Nothing depends on the picture."""

    def slow_tick(self) -> None:
        """Nothing changes by itself."""

    def _arrange(self, key: str) -> None:
        self._window.arrangement.apply(key)

    def _reset(self) -> None:
        self._window.arrangement.reset()

    def close(self) -> None:
        """The window closes."""
        self._turns.stop()

    def _other_theme(self) -> None:
        name: theme.ThemeName = "light" if theme.theme_name() == "dark" else "dark"
        app, window = QApplication.instance(), self._window.window()
        if isinstance(app, QApplication) and isinstance(window, QMainWindow):
            self._turns.stop()
            steps = _unseen(window, theme.theme_change(app, name))
            next(steps)  # from now on its colours are asked for
            self._turns.run(steps)
        self._window.keeper.change(theme=name)


def _unseen(window: QMainWindow, steps: Iterator[QWidget | None]) -> Iterator[None]:
    """The window is painted again when all that is seen of it has changed; then what is unseen
    changes."""
    later = PaintedLater(window)
    try:
        for part in steps:
            if part is not None and not part.isVisible():
                yield from later.one_by_one()
            yield
        yield from later.one_by_one()
    finally:
        later.at_once()
