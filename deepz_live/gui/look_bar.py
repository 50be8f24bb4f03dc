"""Channel, contrast, brightness curve, colours and plane spacing: the toolbar's right end."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from deepz_live.app.depths import SPACING_UM
from deepz_live.gui import theme
from deepz_live.gui.channel_bar import ChannelBar
from deepz_live.gui.panes.colours import COLOUR_MAPS


class LookBar(QWidget):
    """Tells what the hand chose."""

    look_wanted = pyqtSignal(dict)
    colours_wanted = pyqtSignal(str)
    spacing_wanted = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spacing = QDoubleSpinBox()
        self.spacing.setRange(0.5, 5.0)
        self.spacing.setSingleStep(0.5)
        self.spacing.setDecimals(1)
        self.spacing.setSuffix(" µm")
        self.spacing.setValue(SPACING_UM)
        self.spacing.setToolTip("Spread the planes that are not selected so far apart, in µm")
        self.spacing.valueChanged.connect(self.spacing_wanted)
        self.sharing = _choice("own per pane", "shared", tip="Contrast of each pane, or of all")
        self.sharing.currentIndexChanged.connect(
            lambda index: self.look_wanted.emit({"shared": index == 1})
        )
        self.curve = _choice("√ curve", "linear", tip="√ lifts faint beads out of the dark")
        self.curve.currentIndexChanged.connect(
            lambda index: self.look_wanted.emit({"gamma": 1.0 if index else 0.5})
        )
        self.hold = QPushButton("Hold")
        self.hold.setCheckable(True)
        self.hold.setToolTip("Keep the levels as they are now")
        self.hold.clicked.connect(lambda on: self.look_wanted.emit({"hold": on}))
        self.colours = _choice(*COLOUR_MAPS, tip="Colours of the panes")
        self.colours.currentTextChanged.connect(self.colours_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.channels = ChannelBar()
        row.addWidget(self.channels)
        for name, widgets in (
            ("Spacing", (self.spacing,)),
            ("Contrast", (self.sharing, self.curve, self.hold, self.colours)),
        ):
            label = QLabel(name)
            theme.set_role(label, "dim")
            row.addSpacing(6)
            row.addWidget(label)
            for widget in widgets:
                row.addWidget(widget)


def _choice(*texts: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.addItems(list(texts))
    box.setToolTip(tip)
    return box
