"""The live curves of a training: the loss the best is chosen by, and every part by its name."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from deepz_live.gui.wizard.plots import QuietPlot
from deepz_live.train.progress import TrainingProgress

MAIN = "loss"
COLOURS = ("#4f9fb0", "#a577c4", "#7f9c55", "#c08a2c", "#c07070", "#7385c0", "#8b8f78")
"""Of middle lightness: seen on the dark and on the light theme."""


class LossCurves(QWidget):
    """A table of the losses by name with their last values; the ticked ones are drawn.

    Solid: on unseen validation examples. Dotted: on the training examples.
    """

    def __init__(self) -> None:
        super().__init__()
        self._plot = QuietPlot("loss", "minutes")
        self._plot.setLogMode(x=False, y=True)
        self._plot.setMinimumHeight(150)
        self._table = QTableWidget(0, 3)
        self._table.setHorizontalHeaderLabels(["loss", "training", "unseen"])
        self._table.itemChanged.connect(lambda _: self._tick())
        self._table.setMaximumHeight(130)
        self._table.setToolTip("Tick what is drawn. Solid: unseen examples; dotted: training.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot, 1)
        column.addWidget(self._table)
        head, side = self._table.horizontalHeader(), self._table.verticalHeader()
        if head is not None:
            head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        if side is not None:
            side.hide()
            side.setDefaultSectionSize(22)
        self._minutes: list[float] = []
        self._series: dict[str, tuple[list[float], list[float]]] = {}
        self._lines: dict[str, tuple[pg.PlotDataItem, pg.PlotDataItem]] = {}
        self._filling = False

    @property
    def names(self) -> tuple[str, ...]:
        """All losses that were reported, the one that counts first."""
        return tuple(self._series)

    def series(self, name: str) -> tuple[list[float], list[float], list[float]]:
        """Minutes, training values and validation values of one loss."""
        train, val = self._series[name]
        return list(self._minutes), list(train), list(val)

    def clear(self) -> None:
        """Forget an earlier training."""
        for pair in self._lines.values():
            for line in pair:
                self._plot.removeItem(line)
        self._minutes, self._series, self._lines = [], {}, {}
        self._table.setRowCount(0)

    def add(self, news: TrainingProgress) -> None:
        """The values of one validation."""
        self._minutes.append(news.seconds / 60)
        train: Mapping[str, float] = {MAIN: news.train_loss, **news.train_parts}
        val: Mapping[str, float] = {MAIN: news.val_loss, **news.val_parts}
        for name in dict.fromkeys([*self._series, *val, *train]):
            self._append(name, train.get(name, math.nan), val.get(name, math.nan))
        self._draw()

    def _append(self, name: str, train: float, val: float) -> None:
        if name not in self._series:
            before = [math.nan] * (len(self._minutes) - 1)
            self._series[name] = (list(before), list(before))
            self._add_row(name)
        for values, value in zip(self._series[name], (train, val), strict=True):
            # A logarithm of nothing has no place on the axis.
            values.append(value if value > 0 else math.nan)
        at = list(self._series).index(name)
        for column, value in ((1, train), (2, val)):
            item = self._table.item(at, column)
            if item is not None:
                item.setText("" if math.isnan(value) else f"{value:.4g}")

    def _add_row(self, name: str) -> None:
        colour = COLOURS[len(self._lines) % len(COLOURS)]
        dotted = pg.mkPen(colour, width=1.2, style=Qt.PenStyle.DotLine)
        self._lines[name] = (
            self._plot.plot(pen=dotted),
            self._plot.plot(
                pen=pg.mkPen(colour, width=1.8), symbol="o", symbolSize=4, symbolBrush=colour
            ),
        )
        self._filling = True
        at = self._table.rowCount()
        self._table.insertRow(at)
        head = QTableWidgetItem(name)
        head.setForeground(QColor(colour))
        head.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        head.setCheckState(Qt.CheckState.Checked if at == 0 else Qt.CheckState.Unchecked)
        self._table.setItem(at, 0, head)
        for column in (1, 2):
            item = QTableWidgetItem("")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self._table.setItem(at, column, item)
        self._filling = False

    def _tick(self) -> None:
        if not self._filling:
            self._draw()

    def _draw(self) -> None:
        for at, name in enumerate(self._series):
            head = self._table.item(at, 0)
            shown = head is not None and head.checkState() == Qt.CheckState.Checked
            for line, values in zip(self._lines[name], self._series[name], strict=True):
                line.setVisible(shown)
                line.setData(self._minutes if shown else [], values if shown else [],
                             connect="finite")  # fmt: skip
