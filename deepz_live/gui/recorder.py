"""The record button and its numbers."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from deepz_live.gui import theme


class RecordBar(QWidget):
    """Shows whether it records and how much; tells when the button was pressed."""

    pressed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QPushButton()
        self.button.setShortcut("R")
        self.button.setIconSize(QSize(18, 18))
        self.button.setMinimumWidth(118)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self.pressed)
        self._numbers = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.button)
        row.addWidget(self._numbers)
        self._recording: bool | None = None
        self.show_recording(False)

    @property
    def recording(self) -> bool:
        """Whether it looks like recording."""
        return bool(self._recording)

    @property
    def text(self) -> str:
        """The numbers as they are shown."""
        return self._numbers.text()

    def show_recording(self, on: bool) -> None:
        """Button and colour."""
        if on == self._recording:
            return
        self._recording = on
        self.button.setText("Stop (R)" if on else "Record (R)")
        self.button.setShortcut("R")
        self.button.setIcon(theme.icon("stop" if on else "record", "alarm"))
        self.button.setProperty("recording", on)
        style = self.button.style()
        if style is not None:
            style.unpolish(self.button)
            style.polish(self.button)
        self.button.setToolTip(
            "Stop and close the recording" if on else "Record every frame exactly as captured"
        )

    def show_numbers(self, text: str, role: str = "") -> None:
        """Elapsed time, frames, MB, free disk."""
        if self._numbers.text() != text:
            self._numbers.setText(text)
        theme.set_role(self._numbers, role)


def clock_text(seconds: float) -> str:
    """``12:05`` or ``1:02:05``."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes:02d}"
    return f"{head}:{whole % 60:02d}"


def size_text(count: float) -> str:
    """Bytes as people say them: ``12.3 MB``, ``84.0 GB``."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count / 1e6:.1f} MB"
