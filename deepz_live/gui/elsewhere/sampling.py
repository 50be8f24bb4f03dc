"""What an image file does not say of itself: asked beside the running view."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.refocus.check import same_pixel_size
from deepz_live.session.series import Contents, SeriesChoice

TIMES = "times of a series"
PLANES = "planes of a z-stack: show one"
MOST_UM = 1000.0


class SamplingDialog(QDialog):
    """Pixel size, interval, channel and what the images are; not modal, the view goes on.

    Parameters
    ----------
    contents
        What the file says.
    model_um
        Pixel size of the open model; None without one.
    """

    chosen = pyqtSignal(object, bool)
    """:class:`SeriesChoice`, and whether to resample to the model's pixels."""

    def __init__(
        self, contents: Contents, model_um: float | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Open {contents.path.name}")
        self._contents, self._model_um = contents, model_um
        self.pixel_um = _spin(0.0, MOST_UM, 4, " µm", contents.pixel_size_um)
        self.interval_s = _spin(0.0, 1e6, 4, " s", contents.interval_s)
        self.interval_s.setSpecialValueText("unknown")
        self.channel = QComboBox()
        self.channel.addItems(contents.channel_names)
        self.images = QComboBox()
        self.images.addItems((TIMES, PLANES))
        self.plane = QSpinBox()
        self.plane.setRange(0, max(contents.count("Z") - 1, 0))
        self.plane.setValue(contents.count("Z") // 2)
        self.resample = QCheckBox()
        self.note = QLabel()
        self.note.setWordWrap(True)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Open | buttons.Cancel)
        self._lay_out()
        if contents.named:
            self.images.setCurrentText(PLANES)
        for signal in (
            self.pixel_um.valueChanged,
            self.images.currentIndexChanged,
            self.interval_s.valueChanged,
        ):
            signal.connect(self._follow)
        self.buttons.accepted.connect(self._choose)
        self.buttons.rejected.connect(self.reject)
        self._follow()

    @property
    def choice(self) -> SeriesChoice:
        """What is entered now."""
        planes = self._contents.count("Z") > 1
        take_one = planes and (self._contents.count("T") > 1 or self._one_plane())
        return SeriesChoice(
            pixel_size_um=self.pixel_um.value() or None,
            interval_s=self.interval_s.value() or None,
            channel=self.channel.currentIndex() if self.channel.count() > 1 else None,
            plane=self.plane.value() if take_one else None,
            planes_are_times=planes and not take_one,
        )

    @property
    def can_open(self) -> bool:
        """Whether all that is needed is there."""
        button = self.buttons.button(QDialogButtonBox.StandardButton.Open)
        return button is not None and button.isEnabled()

    def _one_plane(self) -> bool:
        return self.images.currentText() == PLANES

    def _choose(self) -> None:
        self.chosen.emit(self.choice, self.resample.isChecked() and self.resample.isEnabled())
        self.accept()

    def _follow(self) -> None:
        """Say what is missing, and offer to resample where pixels differ from the model's."""
        pixel_um, model_um = self.pixel_um.value(), self._model_um
        differs = bool(pixel_um and model_um and not same_pixel_size(pixel_um, model_um))
        self.resample.setEnabled(differs)
        self.plane.setEnabled(self._contents.count("T") > 1 or self._one_plane())
        role, text = "dim", ""
        if not pixel_um:
            role, text = (
                "caution",
                "The file does not say its pixel size in the sample; enter it.",
            )
        elif differs:
            role = "caution"
            text = (
                f"Pixels of {pixel_um:.4g} µm, but the model was trained at {model_um:.4g} µm: "
                "refocused planes are not to be trusted. Resampling brings the pixels together, "
                "not the objectives."
            )
        elif self._times() > 1 and not self.interval_s.value() and not self._contents.times_s:
            text = "The file does not say its times; it is played at ten images a second."
        self.note.setText(text)
        theme.set_role(self.note, role)
        button = self.buttons.button(QDialogButtonBox.StandardButton.Open)
        if button is not None:
            button.setEnabled(bool(pixel_um))

    def _times(self) -> int:
        count = self._contents.count("T")
        return count if count > 1 or self._one_plane() else self._contents.count("Z")

    def _lay_out(self) -> None:
        contents = self._contents
        form = QFormLayout()
        form.addRow("File", QLabel(describe(contents)))
        if contents.count("C") > 1:
            form.addRow("Channel", self.channel)
        if contents.count("Z") > 1:
            if contents.count("T") == 1:
                form.addRow("Images are", self.images)
            form.addRow("Plane, from 0", self.plane)
        form.addRow("Pixel size in the sample", self.pixel_um)
        if contents.count("T") > 1 or contents.count("Z") > 1:
            form.addRow("Time between two images", self.interval_s)
        if self._model_um is not None:
            self.resample.setText(f"resample to the model's {self._model_um:.4g} µm")
            form.addRow("", self.resample)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addWidget(self.buttons)
        self.setMinimumWidth(430)


def describe(contents: Contents) -> str:
    """What a file holds, in a line."""
    names = {"T": "times", "C": "channels", "Z": "planes" if contents.named else "images"}
    parts = [f"{contents.count(axis)} {name}" for axis, name in names.items()
             if contents.count(axis) > 1]  # fmt: skip
    height, width = contents.shape[-2:]
    return ", ".join((*parts, f"{width} × {height} px", contents.dtype))


def _spin(least: float, most: float, digits: int, unit: str, value: float | None) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setDecimals(digits)
    spin.setRange(least, most)
    spin.setSingleStep(0.01)
    spin.setSuffix(unit)
    spin.setValue(value or 0.0)
    return spin
