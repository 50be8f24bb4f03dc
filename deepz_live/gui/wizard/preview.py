"""The picture of how far a training is: unseen examples, a row each, their columns named."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from deepz_live.gui import theme

SIDE_PX = 380
COLUMNS = ("input", "refocused", "truth", "difference")


class Preview(QWidget):
    """Shows the PNG that training writes at every validation; None takes it away."""

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip("Examples that the model has not been trained on, a row each")
        self.setMinimumWidth(200)
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._names = QWidget()
        names = QHBoxLayout(self._names)
        names.setContentsMargins(0, 0, 0, 0)
        for text in COLUMNS:
            label = QLabel(text)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            theme.set_role(label, "dim")
            names.addWidget(label, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._names)
        column.addWidget(self.picture, 1)
        self.show_picture(None)

    def show_picture(self, path: Path | None) -> None:
        """The picture in ``path``; a word on when there will be one where it cannot be read."""
        pixels = QPixmap(str(path)) if path is not None else QPixmap()
        self._names.setVisible(not pixels.isNull())
        if pixels.isNull():
            self.picture.setText("Unseen examples appear here\nafter the first validation.")
            theme.set_role(self.picture, "dim")
            return
        shown = pixels.scaled(
            SIDE_PX,
            SIDE_PX,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        self._names.setFixedWidth(shown.width())
        self.picture.setPixmap(shown)
