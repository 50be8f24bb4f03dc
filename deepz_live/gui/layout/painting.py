"""Painting a changed window piece by piece: all of it at once would hold the window up."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtWidgets import QDockWidget, QMainWindow, QWidget

from deepz_live.gui.panes.pane import Pane


class PaintedLater:
    """From its making on the pieces of a window are not painted, until :meth:`one_by_one`."""

    def __init__(self, window: QMainWindow) -> None:
        centre = window.centralWidget()
        panes = [] if centre is None else [*reversed(centre.findChildren(Pane)), centre]
        self._pieces: list[QWidget] = [*window.findChildren(QDockWidget), *panes]
        for piece in self._pieces:
            piece.setUpdatesEnabled(False)

    def one_by_one(self) -> Iterator[None]:
        """The centre and its panes first; each piece that is seen in a turn of its own."""
        while self._pieces:
            piece = self._pieces.pop()
            if piece.isVisible():
                yield
            piece.setUpdatesEnabled(True)

    def at_once(self) -> None:
        """What is left of it."""
        while self._pieces:
            self._pieces.pop().setUpdatesEnabled(True)
