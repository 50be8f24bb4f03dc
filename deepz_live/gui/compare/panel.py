"""Panes of a second model, below each other's counterparts. It only shows."""

from __future__ import annotations

from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from deepz_live.gui import theme
from deepz_live.gui.panes.grid import PaneGrid

NONE = "No second model. Open one with Session → Compare with another model."


class ComparePanel(QWidget):
    """A line that says whose panes these are, and the panes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head = QLabel(NONE)
        theme.set_role(self.head, "dim")
        self.grid = PaneGrid(choosable=False)
        self.grid.setMinimumHeight(220)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 0)
        column.setSpacing(2)
        column.addWidget(self.head)
        column.addWidget(self.grid, 1)

    def say(self, text: str, role: str = "") -> None:
        """Whose panes these are; what is wrong."""
        self.head.setText(text)
        theme.set_role(self.head, role)
