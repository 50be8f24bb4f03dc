"""The sheet under ``?``: every key of the window, and what the mouse does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.keys.table import MOUSE, KeyRow

COLUMNS = 2


class KeySheet(QDialog):
    """Not modal: the picture goes on beside it."""

    def __init__(self, rows: Sequence[KeyRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.rows = tuple(rows)
        groups = [(name, list(found)) for name, found in groupby(self.rows, lambda row: row.group)]
        mouse = [KeyRow("Mouse", hand, what, "") for hand, what in MOUSE]
        sheet = QWidget()
        columns = QHBoxLayout(sheet)
        columns.setSpacing(28)
        for share in _shares([*groups, ("Mouse", mouse)]):
            column = QVBoxLayout()
            for name, found in share:
                column.addWidget(_group(name, found))
            column.addStretch(1)
            columns.addLayout(column)
        scroll = QScrollArea()
        scroll.setWidget(sheet)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        whole = QVBoxLayout(self)
        whole.addWidget(scroll)
        hint = sheet.sizeHint()
        self.resize(min(hint.width() + 60, 1000), min(hint.height() + 60, 800))


Group = tuple[str, list[KeyRow]]


def _shares(groups: list[Group]) -> list[list[Group]]:
    """The groups in :data:`COLUMNS` columns of about equal height, in their order."""
    whole = sum(len(rows) + 1 for _, rows in groups)
    shares: list[list[Group]] = [[]]
    height = 0
    for group in groups:
        if height >= whole / COLUMNS * len(shares) and len(shares) < COLUMNS:
            shares.append([])
        shares[-1].append(group)
        height += len(group[1]) + 1
    return shares


def _group(name: str, rows: Sequence[KeyRow]) -> QWidget:
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 8)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(3)
    title = QLabel(name)
    theme.set_role(title, "step")
    grid.addWidget(title, 0, 0, 1, 2)
    for line, row in enumerate(rows, start=1):
        keys, text = QLabel(row.keys), QLabel(row.text)
        text.setToolTip(row.tip)
        text.setWordWrap(False)
        theme.set_role(keys, "dim")
        grid.addWidget(keys, line, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(text, line, 1, Qt.AlignmentFlag.AlignLeft)
    grid.setColumnMinimumWidth(0, 150)
    grid.setColumnStretch(1, 1)
    return box
