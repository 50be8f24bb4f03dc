"""The panel of troubles: a list that stays, and the details of one of them."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontDatabase
from PyQt6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.trouble.log import Level, Trouble, TroubleLog

NOTHING = "Nothing went wrong since the window was opened."


class TroublePanel(QWidget):
    """Shows a :class:`TroubleLog`, newest last; what is chosen can be copied."""

    count_changed = pyqtSignal(int)

    def __init__(self, log: TroubleLog | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.log = log if log is not None else TroubleLog()
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setToolTip("Errors and warnings of this day, newest last")
        self.details = QPlainTextEdit(NOTHING)
        self.details.setReadOnly(True)
        self.details.setToolTip("What is copied: the sentence, where it came from, the versions")
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.copy = QPushButton("Copy details")
        self.copy.setToolTip("Put the details on the clipboard, for a letter to the developers")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Forget what is listed here")
        self._lay_out()
        self.list.currentRowChanged.connect(self._choose)
        self.copy.clicked.connect(self._copy)
        self.clear.clicked.connect(self._clear)
        theme.follow(self, self._show_all)

    def add(self, level: Level, sentence: str, error: BaseException | None = None) -> None:
        """Keep one more trouble and show it."""
        self.log.add(level, sentence, error)
        self._show_all()
        self.count_changed.emit(len(self.log))

    def _chosen_last(self) -> None:
        self.list.setCurrentRow(self.list.count() - 1)
        self.list.scrollToBottom()
        self._enable()

    def _show_all(self) -> None:
        self.list.clear()
        for trouble in self.log.troubles:
            self._append(trouble)
        if self.list.count():
            self._chosen_last()
        else:
            self.details.setPlainText(NOTHING)
        self._enable()

    def _append(self, trouble: Trouble) -> None:
        often = f"  ({trouble.times} times)" if trouble.times > 1 else ""
        item = QListWidgetItem(f"{trouble.at:%H:%M:%S}  {trouble.sentence}{often}")
        colour = theme.ALARM if trouble.level == "error" else theme.CAUTION
        item.setForeground(QColor(colour))
        self.list.addItem(item)

    def _choose(self, row: int) -> None:
        troubles = self.log.troubles
        self.details.setPlainText(troubles[row].text if 0 <= row < len(troubles) else NOTHING)
        self._enable()

    def _enable(self) -> None:
        any_there = bool(len(self.log))
        self.copy.setEnabled(any_there)
        self.clear.setEnabled(any_there)

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.details.toPlainText())

    def _clear(self) -> None:
        self.log.clear()
        self._show_all()
        self.count_changed.emit(0)

    def _lay_out(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.details)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.clear)
        buttons.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.addWidget(split, 1)
        column.addLayout(buttons)
