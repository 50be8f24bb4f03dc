"""The list of markers, and the line in which a note is written. It only shows."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from deepz_live.app.marking import Mark
from deepz_live.gui.replay.bar import clock

EMPTY = "No markers yet. M marks the frame that is shown, Ctrl+M with a note."
HINT = "Note (Ctrl+M), then Enter"


class MarkersPanel(QWidget):
    """Tells what was chosen and what was written."""

    chosen = pyqtSignal(int)
    """Row of the list that was double-clicked."""
    wanted = pyqtSignal()
    """The button: mark now."""
    written = pyqtSignal(str)
    given_up = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setToolTip("Double-click goes there in a replay")
        self.note = _NoteLine()
        self.note.setToolTip("A note that goes with the next mark")
        self.note.setPlaceholderText(HINT)
        self.note.setEnabled(False)
        self.button = QPushButton("Mark (M)")
        self.button.setToolTip("Keep this moment in the recording, with its time and frame")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout()
        row.addWidget(self.note, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self.list.itemDoubleClicked.connect(self._choose)
        self.note.returnPressed.connect(self._write)
        self.note.given_up.connect(self._give_up)
        self.button.clicked.connect(self.wanted)
        self.show_marks(())

    @property
    def rows(self) -> tuple[str, ...]:
        """The list as it is shown."""
        items = (self.list.item(number) for number in range(self.list.count()))
        return tuple(item.text() for item in items if item is not None)

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """One row a marker."""
        self.list.clear()
        for mark in marks:
            self.list.addItem(f"{clock(mark.seconds)}   frame {mark.index}   {mark.text}".rstrip())
        if not marks:
            item = QListWidgetItem(EMPTY)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)

    def ask_note(self, what: str) -> None:
        """Let a note be written; ``what`` says to which frame."""
        self.note.setEnabled(True)
        self.note.setPlaceholderText(what)
        self.note.clear()
        self.note.setFocus()

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self.list.row(item))

    def _write(self) -> None:
        text = self.note.text().strip()
        self._close_note()
        self.written.emit(text)

    def _give_up(self) -> None:
        self._close_note()
        self.given_up.emit()

    def _close_note(self) -> None:
        self.note.clear()
        self.note.setPlaceholderText(HINT)
        self.note.setEnabled(False)


class _NoteLine(QLineEdit):
    """A line that Escape leaves."""

    given_up = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Escape gives up; all else is text."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            event.accept()
            self.given_up.emit()
            return
        super().keyPressEvent(event)
