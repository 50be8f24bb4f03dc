"""Traces of marked neurons over time: one as a curve, several as a heat map under their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from deepz_live.app.neurons.together import evenly, mean_of, spread
from deepz_live.gui import theme
from deepz_live.gui.panes.colours import colour_table
from deepz_live.gui.theme.plots import dress_plot

Floats = NDArray[np.float64]
AXIS_PX = 44
HEAT = "viridis"


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """ΔF / F₀ ``(N, T)`` at ``times_s`` ``(T,)``, drawn in ``colour``; names of the rows."""

    times_s: Floats
    relative: Floats
    names: tuple[str, ...]
    colour: str


class TracesView(QWidget):
    """Curve and heat map share their time; a click or a drag in them tells a time."""

    sought = pyqtSignal(float)
    """Seconds on the axis of the traces."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot, self.heat = _Plot("ΔF/F₀"), _Plot("neuron")
        self.plot.setToolTip("ΔF/F₀ over time; click or drag to go there in the recording")
        self.heat.setToolTip("A row a neuron, brighter: more ΔF/F₀; click to go there")
        self._curve = self.plot.plot(autoDownsample=True, downsampleMethod="peak")
        self._zero = pg.InfiniteLine(0, angle=0)
        self.plot.addItem(self._zero)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.image.setLookupTable(colour_table(HEAT))
        self.heat.addItem(self.image)
        self.heat.invertY()  # the first row on top, as in the table
        self.heat.setXLink(self.plot)
        self.cursors = tuple(pg.InfiniteLine(0, angle=90) for _ in range(2))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for plot, cursor in zip((self.plot, self.heat), self.cursors, strict=True):
            plot.addItem(cursor)
            plot.sought.connect(self.sought)
            column.addWidget(plot, 2 if plot is self.plot else 3)
        self.heat.getAxis("bottom").setLabel("time (s)")
        self._colour = theme.INK
        self.levels = (0.0, 1.0)
        theme.follow(self, self._dress)
        self.show_traces(None)

    @property
    def shown(self) -> tuple[Floats, Floats]:
        """Times and values of the curve."""
        times, values = self._curve.getOriginalDataset()
        empty = np.empty(0)
        return (empty, empty) if times is None else (times, values)

    @property
    def seconds(self) -> float:
        """Where the cursor stands."""
        return float(self.cursors[0].value())

    def show_traces(self, traces: Traces | None) -> None:
        """One trace as it is; of several the mean, and each of them below."""
        many = traces is not None and len(traces.relative) > 1
        self.heat.setVisible(many)
        self.plot.getAxis("bottom").setLabel("" if many else "time (s)")
        self.plot.getAxis("bottom").setStyle(showValues=not many)
        if traces is None or not len(traces.relative):
            self._curve.setData([], [])
            return
        mean = mean_of(traces.relative)
        self._curve.setData(traces.times_s, mean, connect="finite")
        self._colour = traces.colour
        self._dress()
        begin, end = float(traces.times_s[0]), float(traces.times_s[-1])
        end = max(end, begin + 1e-3)
        self.plot.setXRange(begin, end, padding=0.02)
        low, high = spread(mean)
        finite = mean[np.isfinite(mean)]
        if len(finite):
            low, high = float(min(finite.min(), low)), float(max(finite.max(), high))
        self.plot.setYRange(min(low, 0.0), max(high, 0.0), padding=0.08)
        if many:
            self._show_heat(traces, begin, end)

    def show_time(self, seconds: float | None) -> None:
        """The replay's present moment; None hides the cursor."""
        for cursor in self.cursors:
            cursor.setVisible(seconds is not None)
            if seconds is not None:
                cursor.setValue(seconds)

    def _show_heat(self, traces: Traces, begin: float, end: float) -> None:
        picture = evenly(traces.relative, traces.times_s)
        self.levels = spread(picture)
        self.image.setImage(picture.astype(np.float32), autoLevels=False, levels=self.levels)
        count = len(traces.names)
        self.image.setRect(QRectF(begin, 0, end - begin, count))
        self.heat.setYRange(0, count, padding=0)
        self.heat.getAxis("left").setTicks([ticks(traces.names)])

    def _dress(self) -> None:
        for plot in (self.plot, self.heat):
            dress_plot(plot)
        self._curve.setPen(pg.mkPen(self._colour, width=1.8))
        self._zero.setPen(pg.mkPen(theme.LINE))
        for cursor in self.cursors:
            cursor.setPen(pg.mkPen(theme.KNOB, width=1.5))


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    """Neither zooms nor pans; tells the time under the pressed mouse."""

    sought = pyqtSignal(float)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        left = self.getAxis("left")
        left.setWidth(AXIS_PX)
        left.setLabel(name)
        left.enableAutoSIPrefix(False)
        self.getAxis("bottom").enableAutoSIPrefix(False)
        self.setMinimumSize(120, 70)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go there."""
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """And follow the hand."""
        self._seek(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Nothing more."""
        event.accept()

    def _seek(self, event: QMouseEvent) -> None:
        event.accept()
        if event.buttons() & Qt.MouseButton.LeftButton:
            at = self.plotItem.vb.mapSceneToView(self.mapToScene(event.position().toPoint()))
            self.sought.emit(float(at.x()))


def ticks(names: Sequence[str], most: int = 5) -> list[tuple[float, str]]:
    """Names at the middles of their rows, as many as there is room for."""
    step = -(-len(names) // most) if names else 1
    return [(row + 0.5, names[row]) for row in range(0, len(names), step)]
