"""Drift of the sample over time, with *Set reference*, *Compensate* and *Lock focus*."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from deepz_live.gui import theme
from deepz_live.gui.panes.titles import signed
from deepz_live.gui.theme.plots import dress_plot

WINDOW_S = 60.0
"""The last minute: what the operator can still do something about."""

BELOW_PX = 7
"""Below the label of the time axis, of which a plot cuts off the foot."""


@dataclass(frozen=True, slots=True, eq=False)
class DriftCurves:
    """Times ``(N,)`` s and drift ``(N, 3)`` µm in the order z, y, x; NaN where not trusted."""

    time_s: NDArray[np.float64]
    drift_um: NDArray[np.float64]


class DriftPanel(QFrame):
    """Shows curves and the newest numbers; tells which button was pressed."""

    reference_wanted = pyqtSignal()
    compensate_wanted = pyqtSignal(bool)
    lock_wanted = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers = {axis: QLabel() for axis in theme.DRIFT_COLOURS}
        self._note = QLabel()
        self._plot = _plot()
        self._curves = {axis: self._plot.plot() for axis in theme.DRIFT_COLOURS}
        self.reference = QPushButton(theme.icon("reference"), "Set reference")
        self.reference.setToolTip("Measure drift from this moment on")
        self.reference.clicked.connect(self.reference_wanted)
        self.compensate = QPushButton(theme.icon("compensate"), "Compensate")
        self.compensate.setCheckable(True)
        self.compensate.setToolTip(
            "Hold the view still: shift depths and picture by the measured drift"
        )
        self.compensate.clicked.connect(self.compensate_wanted)
        self.lock = QPushButton(theme.icon("target"), "Lock focus")
        self.lock.setCheckable(True)
        self.lock.clicked.connect(self.lock_wanted)
        self._lay_out()
        theme.follow(self, self._dress)
        self.set_lockable(False)
        self.show_curves(DriftCurves(np.zeros(0), np.zeros((0, 3))), confidence=None)

    @property
    def text(self) -> str:
        """The newest numbers as they are shown."""
        return "  ".join(label.text() for label in self._numbers.values())

    def set_enabled(self, enabled: bool) -> None:
        """Whether there is something to measure."""
        self.reference.setEnabled(enabled)
        self.compensate.setEnabled(enabled)

    def set_compensating(self, on: bool) -> None:
        """Show whether the view is held still."""
        self.compensate.setChecked(on)

    def set_lockable(self, able: bool) -> None:
        """Whether there is a stage that could follow the sample."""
        self.lock.setEnabled(able)
        self.lock.setToolTip(
            "Hold the focus on the sample: the stage follows the measured drift (Ctrl+L)"
            if able
            else "Needs a microscope and a model: the stage follows the measured drift"
        )

    def show_lock(self, on: bool) -> None:
        """Whether the stage follows the sample."""
        if self.lock.isChecked() != on:
            self.lock.setChecked(on)

    def show_curves(self, curves: DriftCurves, confidence: float | None) -> None:
        """Show the last minute; ``confidence`` (0 … 1) of the newest sample, None without one."""
        time_s = curves.time_s - curves.time_s[-1] if curves.time_s.size else curves.time_s
        recent = time_s >= -WINDOW_S
        for column, (axis, curve) in enumerate(self._curves.items()):
            values = curves.drift_um[:, column]
            curve.setData(time_s[recent], values[recent], connect="finite")
            known = values.size and np.isfinite(values[-1])
            number = signed(float(values[-1]), 2) if known else "?"
            self._numbers[axis].setText(f"{axis} {number}")
        self._show_confidence(confidence)
        self._scale(curves.drift_um[recent])

    def _show_confidence(self, confidence: float | None) -> None:
        if confidence is None:
            self._note.setText("not measured yet")
            theme.set_role(self._note, "dim")
        else:
            low = confidence < 0.3
            self._note.setText(f"{'not trusted' if low else 'confidence'} {confidence:.2f}")
            theme.set_role(self._note, "caution" if low else "dim")

    def _scale(self, values: NDArray[np.float64]) -> None:
        """Symmetric, at least ±1 µm: stillness must look still."""
        finite = np.abs(values[np.isfinite(values)])
        largest = float(finite.max()) if finite.size else 0.0
        limit = max(1.0, float(np.ceil(largest * 1.15)))
        self._plot.setYRange(-limit, limit, padding=0.06)

    def _dress(self) -> None:
        dress_plot(self._plot)
        for axis, colour in theme.DRIFT_COLOURS.items():
            self._curves[axis].setPen(pg.mkPen(colour, width=1.6))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(4, 4, 4, 0)
        title = QLabel("Drift, µm")
        title.setStyleSheet("font-weight: bold;")
        head.addWidget(title)
        head.addSpacing(8)
        for axis, label in self._numbers.items():
            theme.set_role(label, f"drift_{axis}")
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance("z +00.00") + 4)
            head.addWidget(label)
        head.addStretch(1)
        head.addWidget(self._note)
        buttons = QHBoxLayout()
        buttons.addWidget(self.reference)
        buttons.addWidget(self.compensate)
        buttons.addWidget(self.lock)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(head)
        column.addWidget(self._plot, 1)
        column.addLayout(buttons)


def _plot() -> pg.PlotWidget:
    plot = pg.PlotWidget()
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setXRange(-WINDOW_S, 0, padding=0.03)  # room for the last number below
    plot.showGrid(x=True, y=True, alpha=0.15)
    plot.getAxis("bottom").setLabel("seconds ago")
    plot.getPlotItem().layout.setContentsMargins(1, 1, 1, BELOW_PX)
    plot.getAxis("left").setWidth(34)
    plot.setMinimumSize(120, 100)
    return plot
