"""Where everything is: restored at the start, remembered at the end, changed by a preset."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from PyQt6.QtCore import QByteArray, Qt
from PyQt6.QtWidgets import QDockWidget, QMainWindow

from deepz_live.app.depths import RULER_UM
from deepz_live.gui.layout.docks import AREAS, WIDTH_PX
from deepz_live.gui.layout.painting import PaintedLater
from deepz_live.gui.layout.presets import PRESETS
from deepz_live.gui.layout.view_words import ViewWordsError, state_from, words_of
from deepz_live.gui.settings.keeper import SettingsKeeper
from deepz_live.gui.turns import Turns
from deepz_live.gui.view_controller import ViewController, ViewState

LAYOUT_VERSION = 1
"""Raised where an old layout would hide something new."""


class Arrangement:
    """Panels, window and panes as one thing.

    Parameters
    ----------
    warn
        Told in a sentence what of the last time could not be used.
    """

    def __init__(
        self,
        window: QMainWindow,
        docks: Mapping[str, QDockWidget],
        view: ViewController,
        keeper: SettingsKeeper,
        warn: Callable[[str], None],
    ) -> None:
        self._window, self._docks = window, docks
        self._view, self._keeper = view, keeper
        self._warn = warn
        self._turns = Turns()
        self._first = window.saveState(LAYOUT_VERSION)
        self._shown_at_first = {key for key, dock in docks.items() if not dock.isHidden()}

    def restore(self) -> None:
        """As it was left the last time; what cannot be used is told and left as it is."""
        settings = self._keeper.now
        if settings.geometry:
            self._window.restoreGeometry(_bytes(settings.geometry))
        if settings.layout and not self._window.restoreState(
            _bytes(settings.layout), LAYOUT_VERSION
        ):
            self._warn(
                "The layout of the last time is not one of this version; the panels stand where "
                "they stand at first."
            )
        if settings.view:
            try:
                self._view.show(state_from(settings.view))
            except ViewWordsError as error:
                self._warn(str(error))

    def remember(self) -> None:
        """Keep it for the next time; what was being arranged stays as it is."""
        self._turns.stop()
        window = self._window
        self._keeper.change(
            geometry=_text(window.saveGeometry()),
            layout=_text(window.saveState(LAYOUT_VERSION)),
            view=words_of(self._view.state()),
        )

    def apply(self, key: str) -> None:
        """Panels and panes of a preset; the panes come back with undo.

        The panels follow in turns of their own: all at once would hold up the window.
        """
        preset = PRESETS[key]
        cuts = preset.cuts(self._view.range_um or RULER_UM)
        self._keeper.change(preset=key)
        self._turns.stop()
        steps = self._arrange(ViewState((None, *cuts), 1, self._view.cross_at), preset.docks)
        next(steps)
        self._turns.run(steps)

    def reset(self) -> None:
        """Panels as at the very first start."""
        self._turns.stop()
        self._window.restoreState(self._first, LAYOUT_VERSION)
        self._turns.run(self._show(self._shown_at_first))

    def _arrange(self, state: ViewState, docks: frozenset[str]) -> Iterator[None]:
        """Nothing is painted until everything has its place; then one piece each turn."""
        self._view.show(state)
        later = PaintedLater(self._window)
        try:
            yield
            yield from self._show(docks)
            yield from later.one_by_one()
        finally:
            later.at_once()

    def _show(self, keys: Collection[str]) -> Iterator[None]:
        """These panels and no others; one each turn, and in the last their sizes."""
        for key, dock in self._docks.items():
            if dock.isHidden() == (key in keys):
                dock.setVisible(key in keys)
                yield
        for area in (AREAS["left"], AREAS["right"]):
            standing = [
                dock
                for key, dock in self._docks.items()
                if key in keys
                and not dock.isFloating()
                and self._window.dockWidgetArea(dock) == area
            ]
            share = [self._window.height() // max(1, len(standing))] * len(standing)
            self._window.resizeDocks(standing, share, Qt.Orientation.Vertical)
            wide = [WIDTH_PX] * len(standing)
            self._window.resizeDocks(standing, wide, Qt.Orientation.Horizontal)
        yield


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")


def _bytes(text: str) -> QByteArray:
    return QByteArray.fromBase64(text.encode("ascii"))
