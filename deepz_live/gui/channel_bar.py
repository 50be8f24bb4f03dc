"""Which of several channels is looked at, or all of them over each other."""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from deepz_live.gui import theme
from deepz_live.image.contrast import COMPOSITE

ALL = "all, overlaid"


class ChannelBar(QWidget):
    """Tells which channel was chosen; hidden where there is but one."""

    channel_wanted = pyqtSignal(object)
    """The name of a channel, or None for all of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = QComboBox()
        self.choice.setToolTip("The channel that the panes show; frames of all are recorded")
        self.choice.activated.connect(self._choose)
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        label = QLabel("Channel")
        theme.set_role(label, "dim")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label)
        row.addWidget(self.choice)
        row.addWidget(self.legend)
        self._names: tuple[str, ...] = ()

    @property
    def channel(self) -> str | None:
        """What is chosen: a channel, or None for all."""
        index = self.choice.currentIndex()
        return self._names[index] if 0 <= index < len(self._names) else None

    def set_channels(self, names: tuple[str, ...]) -> None:
        """Offer these channels and all of them; the first is chosen."""
        self._names = names
        self.legend.clear()
        self.choice.clear()
        self.choice.addItems([*names, ALL] if names else [])
        self.setEnabled(bool(names))
        self.setVisible(bool(names))

    def _choose(self) -> None:
        channel = self.channel
        self.legend.setText("" if channel is not None else legend(self._names))
        self.channel_wanted.emit(channel)


def legend(names: tuple[str, ...]) -> str:
    """The names of overlaid channels in their colours, as rich text."""
    parts = []
    for name, colour in zip(names, COMPOSITE, strict=False):
        red, green, blue = (210 * part for part in colour)
        parts.append(f'<span style="color: rgb({red}, {green}, {blue})">{escape(name)}</span>')
    return "&nbsp; ".join(parts)
