"""The levels of one pane over the histogram of its counts."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.theme.plots import dress_plot
from deepz_live.image.levels import COLOURS, Levels

MOST_COUNTS = 1e9


class ContrastPanel(QFrame):
    """Shows histogram and levels; tells what the hand did to them."""

    levels_wanted = pyqtSignal(object)
    """:class:`Levels` that are kept from now on."""
    auto_wanted = pyqtSignal()
    """Levels by percentiles again."""
    channel_wanted = pyqtSignal(str)
    colour_wanted = pyqtSignal(str, str)
    """Channel and name of its colour in overlays."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = QLabel()
        self.channel = QComboBox()
        self.channel.setToolTip("The channel whose levels these are")
        self.colour = QComboBox()
        self.colour.addItems(list(COLOURS))
        self.colour.setToolTip("The colour of this channel where several are overlaid")
        self._plot = _plot()
        self._bars = self._plot.plot(stepMode="center", fillLevel=0)
        self.region = pg.LinearRegionItem(
            (0, 1),
            brush=pg.mkBrush(98, 174, 189, 30),
            pen=pg.mkPen(theme.KNOB, width=2),
        )
        self._plot.addItem(self.region)
        self.low, self.high = _counts("Counts shown as black"), _counts("Counts shown as brightest")
        self.auto = QPushButton("Auto")
        self.auto.setCheckable(True)
        self.auto.setToolTip("1 and 99.8 percentile of the picture, following it (A)")
        self._lay_out()
        theme.follow(self, self._dress)
        self.auto.clicked.connect(self._press_auto)
        self.region.sigRegionChanged.connect(self._drag)
        for number in (self.low, self.high):
            number.valueChanged.connect(self._type)
            number.editingFinished.connect(lambda number=number: _end_typing(number))
        self.channel.currentTextChanged.connect(self.channel_wanted)
        self.colour.textActivated.connect(self._choose_colour)

    def show_name(self, text: str) -> None:
        """Whose levels these are."""
        if self._name.text() != text:
            self._name.setText(text)

    def show_channels(self, names: tuple[str, ...]) -> None:
        """Offer these channels; with one there is no choice."""
        present = tuple(self.channel.itemText(i) for i in range(self.channel.count()))
        if present != names:
            self.channel.blockSignals(True)
            self.channel.clear()
            self.channel.addItems(names)
            self.channel.blockSignals(False)
        for widget in (self.channel, self.colour):
            widget.setVisible(len(names) > 1)

    def show_colour(self, name: str) -> None:
        """The channel's colour in overlays."""
        self.colour.setCurrentText(name)

    def show_histogram(self, counts: NDArray[np.int_], edges: NDArray[np.float64]) -> None:
        """How many pixels ``(N,)`` lie between counts ``(N + 1,)``; drawn as logarithm."""
        self._bars.setData(edges, np.log10(1.0 + counts))
        margin = 0.02 * float(edges[-1] - edges[0])
        self._plot.setXRange(float(edges[0]) - margin, float(edges[-1]) + margin, padding=0)

    def show_levels(self, levels: Levels, *, auto: bool) -> None:
        """The levels in use, and whether they follow the picture."""
        for thing in (self.region, self.low, self.high):
            thing.blockSignals(True)
        self.region.setRegion((levels.low, levels.high))
        for line in self.region.lines:
            line.update()
        for number, level in ((self.low, levels.low), (self.high, levels.high)):
            if not _being_typed(number):
                number.setValue(level)
        for thing in (self.region, self.low, self.high):
            thing.blockSignals(False)
        self.auto.setChecked(auto)

    def _drag(self) -> None:
        low, high = self.region.getRegion()
        self._want(float(low), float(high))

    def _type(self) -> None:
        self._want(self.low.value(), self.high.value())

    def _want(self, low: float, high: float) -> None:
        self.auto.setChecked(False)
        self.levels_wanted.emit(Levels(low, max(high, low + 1.0)))

    def _press_auto(self) -> None:
        self.auto.setChecked(True)
        self.auto_wanted.emit()

    def _choose_colour(self, name: str) -> None:
        self.colour_wanted.emit(self.channel.currentText(), name)

    def _dress(self) -> None:
        dress_plot(self._plot)
        self._bars.setPen(pg.mkPen(theme.INK_DIM))
        self._bars.setBrush(pg.mkBrush(theme.LINE))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._name, 1)
        head.addWidget(self.channel)
        head.addWidget(self.colour)
        numbers = QGridLayout()
        for column, (text, widget) in enumerate((("Black", self.low), ("White", self.high))):
            label = QLabel(text)
            theme.set_role(label, "dim")
            numbers.addWidget(label, 0, 2 * column)
            numbers.addWidget(widget, 0, 2 * column + 1)
        numbers.addWidget(self.auto, 0, 4)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(6, 4, 6, 4)
        column_.addLayout(head)
        column_.addWidget(self._plot, 1)
        column_.addLayout(numbers)


def _counts(tip: str) -> QDoubleSpinBox:
    number = QDoubleSpinBox()
    number.setRange(-MOST_COUNTS, MOST_COUNTS)
    number.setDecimals(0)
    number.setKeyboardTracking(False)
    number.setSuffix(" counts")
    number.setToolTip(tip)
    return number


def _being_typed(number: QDoubleSpinBox) -> bool:
    """Whether its text was begun by hand: rewriting it would take it from under the cursor."""
    line = number.lineEdit()
    return line is not None and line.isModified()


def _end_typing(number: QDoubleSpinBox) -> None:
    """Qt leaves the mark on a text that Enter did not change."""
    line = number.lineEdit()
    if line is not None:
        line.setModified(False)


def _plot() -> pg.PlotWidget:
    plot = pg.PlotWidget()
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.hideAxis("left")
    plot.setMinimumSize(160, 90)
    return plot
