"""Which of several channels is looked at, or all of them over each other."""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from deepz_live.gui import theme
from deepz_live.image.levels import COLOURS

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
        self._colours: dict[str, str] = {}
        self._overlaid = False

    @property
    def channel(self) -> str | None:
        """What is chosen: a channel, or None for all."""
        index = self.choice.currentIndex()
        return self._names[index] if 0 <= index < len(self._names) else None

    def set_channels(self, names: tuple[str, ...]) -> None:
        """Offer these channels and all of them; the first is chosen."""
        self._names = names
        self._overlaid = False
        self.legend.clear()
        self.choice.clear()
        self.choice.addItems([*names, ALL] if names else [])
        self.setEnabled(bool(names))
        self.setVisible(bool(names))

    def show_colours(self, colours: dict[str, str]) -> None:
        """Names of the channels' colours in the overlay."""
        if colours != self._colours:
            self._colours = colours
            self._show_legend()

    def _show_legend(self) -> None:
        self.legend.setText(legend(self._colours) if self._overlaid else "")

    def _choose(self) -> None:
        channel = self.channel
        self._overlaid = channel is None
        self._show_legend()
        self.channel_wanted.emit(channel)


def legend(colours: dict[str, str]) -> str:
    """The names of overlaid channels in their colours, as rich text."""
    parts = []
    for name, colour in colours.items():
        red, green, blue = (210 * part for part in COLOURS[colour])
        parts.append(f'<span style="color: rgb({red}, {green}, {blue})">{escape(name)}</span>')
    return "&nbsp; ".join(parts)
