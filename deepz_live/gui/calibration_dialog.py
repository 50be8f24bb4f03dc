"""The calibration dialogue: capture z-stacks, train on them, use the model. It only shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyqtgraph as pg
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.banner import Banner

NETWORKS = (("planes: all depths in one pass, for live view", "planes"),
            ("generator: one depth a pass, as in the paper", "generator"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaptureChoice:
    """What to capture: full range and step in µm, number of fields."""

    range_um: float
    step_um: float
    fields: int


@dataclass(frozen=True, slots=True)
class TrainChoice:
    """What to train."""

    preset: str
    model: str
    minutes: float


class CalibrationDialog(QDialog):
    """Not modal: the window behind it goes on living."""

    capture_wanted = pyqtSignal()
    abort_wanted = pyqtSignal()
    stacks_wanted = pyqtSignal()
    train_wanted = pyqtSignal()
    stop_wanted = pyqtSignal()
    use_wanted = pyqtSignal()
    choice_changed = pyqtSignal()

    def __init__(self, presets: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Calibrate and train")
        self.setModal(False)
        self.resize(640, 720)
        self.banner = Banner()
        column = QVBoxLayout(self)
        column.addWidget(self.banner)
        column.addWidget(self._capture_box())
        column.addWidget(self._train_box(presets), 1)
        last = QHBoxLayout()
        self._result = QLabel("Nothing trained yet.")
        theme.set_role(self._result, "dim")
        self._result.setWordWrap(True)
        self.use = QPushButton(theme.icon("model"), "Use it now")
        self.use.clicked.connect(self.use_wanted)
        last.addWidget(self._result, 1)
        last.addWidget(self.use)
        column.addLayout(last)
        self.show_stage(capturing=False, training=False, stacks=None, bundle=None)

    @property
    def capture_choice(self) -> CaptureChoice:
        """Range, step and fields as they are set."""
        return CaptureChoice(self.range.value(), self.step.value(), self.fields.value())

    @property
    def train_choice(self) -> TrainChoice:
        """Preset, network and minutes as they are set."""
        return TrainChoice(
            self.preset.currentText(), str(self.model.currentData()), self.minutes.value()
        )

    def set_capture(self, choice: CaptureChoice) -> None:
        """Show the profile's plan."""
        self.range.setValue(choice.range_um)
        self.step.setValue(choice.step_um)
        self.fields.setValue(choice.fields)

    def show_estimate(self, text: str, role: str = "dim") -> None:
        """How long, how big."""
        self._estimate.setText(text)
        theme.set_role(self._estimate, role)

    def show_capture(self, text: str, plane: int, planes: int, field: int, fields: int) -> None:
        """How far the capture is."""
        self._capture_text.setText(text)
        self.planes_bar.setRange(0, max(1, planes))
        self.planes_bar.setValue(plane)
        self.planes_bar.setFormat(f"plane {plane} of {planes}")
        self.fields_bar.setRange(0, max(1, fields))
        self.fields_bar.setValue(field)
        self.fields_bar.setFormat(f"field {field} of {fields}")

    def show_training(self, text: str, share: float) -> None:
        """How far the training is, 0 … 1."""
        self._train_text.setText(text)
        self.train_bar.setValue(round(share * 1000))

    def show_losses(self, minutes: list[float], train: list[float], val: list[float]) -> None:
        """The curves so far."""
        self._train_curve.setData(minutes, train, connect="finite")
        self._val_curve.setData(minutes, val, connect="finite")

    def show_stage(
        self, *, capturing: bool, training: bool, stacks: Path | None, bundle: Path | None
    ) -> None:
        """What can be pressed now."""
        busy = capturing or training
        self.capture.setEnabled(not busy)
        self.abort.setEnabled(capturing)
        for widget in (self.range, self.step, self.fields):
            widget.setEnabled(not capturing)
        self.train.setEnabled(not busy and stacks is not None)
        self.stop.setEnabled(training)
        self.choose.setEnabled(not busy)
        for choice in (self.preset, self.model, self.minutes):
            choice.setEnabled(not training)
        self.use.setEnabled(bundle is not None and not busy)
        self._stacks.setText(str(stacks) if stacks else "capture above, or choose a folder")
        if bundle is not None:
            self._result.setText(f"Model: {bundle}")

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Closing only hides: what runs goes on and can be looked at again."""
        super().closeEvent(event)

    def _capture_box(self) -> QGroupBox:
        self.range = _number(1.0, 400.0, 40.0, " µm", "Full range around the focus")
        self.step = _number(0.05, 10.0, 0.5, " µm", "Distance between planes")
        self.step.setSingleStep(0.1)
        self.fields = QSpinBox()
        self.fields.setRange(1, 100)
        self.fields.setValue(3)
        for number in (self.range, self.step, self.fields):
            number.valueChanged.connect(lambda _: self.choice_changed.emit())
        self._estimate = QLabel()
        self._estimate.setWordWrap(True)
        self._capture_text = QLabel()
        theme.set_role(self._capture_text, "dim")
        self.planes_bar, self.fields_bar = QProgressBar(), QProgressBar()
        self.capture = QPushButton(theme.icon("calibrate"), "Capture stacks")
        self.abort = QPushButton(theme.icon("stop"), "Abort")
        self.capture.clicked.connect(self.capture_wanted)
        self.abort.clicked.connect(self.abort_wanted)
        box = QGroupBox("1 · Capture calibration stacks (the focus returns to where it is now)")
        column = QVBoxLayout(box)
        numbers = QHBoxLayout()
        for name, widget in (("Range", self.range), ("Step", self.step), ("Fields", self.fields)):
            numbers.addWidget(QLabel(name))
            numbers.addWidget(widget)
            numbers.addSpacing(10)
        numbers.addStretch(1)
        column.addLayout(numbers)
        column.addWidget(self._estimate)
        column.addLayout(_buttons(self.capture, self.abort, self._capture_text))
        bars = QHBoxLayout()
        bars.addWidget(self.planes_bar)
        bars.addWidget(self.fields_bar)
        column.addLayout(bars)
        self.show_capture("", 0, 0, 0, 0)
        return box

    def _train_box(self, presets: tuple[str, ...]) -> QGroupBox:
        self._stacks = QLabel()
        self._stacks.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.choose = QPushButton(theme.icon("open"), "Choose…")
        self.choose.clicked.connect(self.stacks_wanted)
        self.preset, self.model = QComboBox(), QComboBox()
        self.preset.addItems(list(presets))
        for text, key in NETWORKS:
            self.model.addItem(text, key)
        self.minutes = _number(0.5, 10000.0, 20.0, " min", "Training ends after this time")
        self._train_text = QLabel()
        theme.set_role(self._train_text, "dim")
        self._train_text.setWordWrap(True)
        self.train_bar = QProgressBar()
        self.train_bar.setRange(0, 1000)
        self.train = QPushButton(theme.icon("play"), "Train")
        self.stop = QPushButton(theme.icon("stop"), "Stop, keep the best")
        self.train.clicked.connect(self.train_wanted)
        self.stop.clicked.connect(self.stop_wanted)
        self._plot = _loss_plot()
        self._train_curve = self._plot.plot(pen=pg.mkPen(theme.INK_DIM, width=1.4))
        self._val_curve = self._plot.plot(pen=pg.mkPen(theme.KNOB, width=1.8))
        box = QGroupBox("2 · Train a model on them")
        column = QVBoxLayout(box)
        form = QFormLayout()
        form.addRow("Stacks", _side_by_side(self._stacks, self.choose))
        form.addRow("Network", self.model)
        form.addRow("Preset", _side_by_side(self.preset, QLabel("for"), self.minutes))
        column.addLayout(form)
        column.addLayout(_buttons(self.train, self.stop, self._train_text))
        column.addWidget(self.train_bar)
        legend = QLabel(
            f"loss over minutes: <span style='color:{theme.INK_DIM}'>training</span>, "
            f"<span style='color:{theme.KNOB}'>unseen validation</span> (lower is better)"
        )
        column.addWidget(legend)
        column.addWidget(self._plot, 1)
        return box


def _number(low: float, high: float, value: float, unit: str, tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(low, high)
    box.setDecimals(2 if low < 0.1 else 1)
    box.setValue(value)
    box.setSuffix(unit)
    box.setToolTip(tip)
    return box


def _buttons(first: QPushButton, second: QPushButton, text: QLabel) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(first)
    row.addWidget(second)
    row.addWidget(text, 1)
    return row


def _side_by_side(first: QWidget, *others: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(first, 1)
    for widget in others:
        row.addWidget(widget, 0, Qt.AlignmentFlag.AlignRight)
    return holder


def _loss_plot() -> pg.PlotWidget:
    plot = pg.PlotWidget(background=theme.FIELD)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.showGrid(x=True, y=True, alpha=0.15)
    plot.setLogMode(x=False, y=True)
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.setPen(theme.LINE)
        axis.setTextPen(theme.INK_DIM)
    plot.setMinimumHeight(140)
    return plot
