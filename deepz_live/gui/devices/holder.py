"""A place for device widgets that come when somebody looks, and go with their microscope."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QDockWidget, QScrollArea, QWidget

from deepz_live.gui.devices.widgets import note

WIDEST_PX = 360
HIGHEST_PX = 700


class DeviceHolder(QScrollArea):
    """Empty, it shows a sentence; ``wanted`` when it is looked at and empty."""

    wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._filled = False
        self.empty("No microscope is open; open a profile first (Ctrl+O).")

    @property
    def filled(self) -> bool:
        """Whether there are device widgets."""
        return self._filled

    def fill(self, widget: QWidget) -> None:
        """Show device widgets."""
        self._filled = True
        self.setWidget(widget)
        needed = widget.sizeHint()
        bar = self.verticalScrollBar()
        room = bar.sizeHint().width() if bar is not None else 0
        self.setMinimumWidth(min(needed.width() + room, WIDEST_PX))
        dock = self.parentWidget()
        if isinstance(dock, QDockWidget) and dock.isFloating():
            dock.resize(needed.width() + 2 * room, min(needed.height() + 60, HIGHEST_PX))

    def empty(self, sentence: str) -> None:
        """Show a sentence instead; the widgets are deleted."""
        self._filled = False
        self.setWidget(note(sentence))

    def refuse(self, sentence: str) -> None:
        """Show why there are none; they are not asked for again."""
        self.empty(sentence)
        self._filled = True

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Somebody looks."""
        super().showEvent(event)
        if not self._filled:
            self.wanted.emit()
