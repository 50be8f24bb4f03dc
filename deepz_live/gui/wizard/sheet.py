"""A page of the wizard: a heading, a line for what went wrong, and its content."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from deepz_live.gui import theme
from deepz_live.gui.banner import Banner
from deepz_live.gui.wizard.room import Room


class Sheet(QWizardPage):
    """Base of the pages; ``content`` is the column that a page fills."""

    name = ""
    """What the page is called in the list of steps."""

    def __init__(self, room: Room, heading: str, lead: str) -> None:
        super().__init__()
        self.room = room
        self.banner = Banner()
        title = QLabel(heading)
        title.setStyleSheet("font-size: 17px; font-weight: bold;")
        text = QLabel(lead)
        text.setWordWrap(True)
        theme.set_role(text, "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 18, 6)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(text)
        column.addWidget(self.banner)
        self.content = QVBoxLayout()
        self.content.setSpacing(10)
        column.addLayout(self.content, 1)

    def entered(self) -> None:
        """The page is shown, whether from before or from behind."""

    def left(self) -> None:
        """Another page is shown, or the wizard is closed."""


def number(low: float, high: float, value: float, unit: str, tip: str) -> QDoubleSpinBox:
    """A box for a number with its unit."""
    box = QDoubleSpinBox()
    box.setRange(low, high)
    box.setDecimals(2 if low < 0.1 else 1)
    box.setValue(value)
    box.setSuffix(f" {unit}" if unit else "")
    box.setToolTip(tip)
    box.setKeyboardTracking(False)
    return box


def count(low: int, high: int, value: int, unit: str, tip: str) -> QSpinBox:
    """A box for a whole number of ``unit``."""
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(f" {unit}")
    box.setToolTip(tip)
    return box


def chooser(tip: str) -> QComboBox:
    """An empty list to choose from."""
    box = QComboBox()
    box.setToolTip(tip)
    return box


def button(text: str, icon: str = "", tip: str = "") -> QPushButton:
    """A push button; Enter never presses it by accident."""
    push = QPushButton(text)
    if icon:
        push.setIcon(theme.icon(icon))
    push.setToolTip(tip)
    push.setAutoDefault(False)
    push.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return push


def note(role: str = "dim") -> QLabel:
    """An empty line of text that wraps."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    theme.set_role(label, role)
    return label


def row(*parts: QWidget | str | int) -> QHBoxLayout:
    """Side by side; text becomes a label, a number a stretch."""
    line = QHBoxLayout()
    line.setSpacing(8)
    for part in parts:
        if isinstance(part, str):
            line.addWidget(QLabel(part))
        elif isinstance(part, int):
            line.addStretch(part)
        else:
            line.addWidget(part)
    return line


def say(label: QLabel, text: str, role: str = "dim") -> None:
    """Text and its meaning."""
    label.setText(text)
    theme.set_role(label, role)
