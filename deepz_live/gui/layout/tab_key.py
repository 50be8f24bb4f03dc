"""Tab goes through the boxes of a panel, though elsewhere in the window it selects a pane."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractSpinBox, QApplication, QDockWidget, QLineEdit, QWidget


class TabInPanels(QObject):
    """Keeps the key from the window's action while a box of a panel has the focus."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._watch)

    def eventFilter(self, _box: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Qt asks the box first whether a key is its own."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Tab
        ):
            event.accept()
            return True
        return False

    def _watch(self, _left: QWidget | None, box: QWidget | None) -> None:
        if isinstance(box, QAbstractSpinBox | QLineEdit) and _in_panel(box, self.parent()):
            box.installEventFilter(self)


def _in_panel(box: QWidget, window: QObject | None) -> bool:
    above: QObject | None = box
    while above is not None and not isinstance(above, QDockWidget):
        above = above.parent()
    return above is not None and above.parent() is window
