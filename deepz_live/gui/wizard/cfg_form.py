"""What a Micro-Manager ``.cfg`` does not say about a microscope: a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QComboBox, QFormLayout, QGroupBox, QHBoxLayout, QLineEdit, QVBoxLayout

from deepz_live.app.new_profile import ProfileDraft
from deepz_live.gui.wizard.sheet import button, chooser, note, number, row

if TYPE_CHECKING:
    from deepz_live.acquire.cfg import CfgContents

ASK = "as the .cfg says"
MEDIA = (("air", 1.0), ("water", 1.333), ("glycerol", 1.47), ("oil", 1.515))


class CfgForm(QGroupBox):
    """Devices on the left, optics on the right; :attr:`draft` is the profile so far."""

    def __init__(self) -> None:
        super().__init__("New profile")
        self._facts: CfgContents | None = None
        self.title_text = QLineEdit()
        self.title_text.setToolTip("Name of the microscope, as it is shown and recorded")
        self.camera = chooser("Camera whose frames are refocused")
        self.focus = chooser("Stage that moves along z; the limits below hold for it")
        self.xy_stage = chooser("Stage that moves the sample sideways")
        self.group = chooser("Config group whose presets are the channels")
        self.channel = chooser("Preset that is set first")
        self.group.currentIndexChanged.connect(self._show_presets)
        self.na = number(0.05, 1.7, 0.75, "NA", "Numerical aperture, engraved on the objective")
        self.magnification = number(1.0, 200.0, 20.0, "×", "Magnification of the objective")
        self.immersion = chooser("What is between objective and cover slip")
        self.medium = chooser("What the sample is in")
        for name, index in MEDIA:
            self.immersion.addItem(f"{name} ({index:g})", index)
            self.medium.addItem(f"{name} ({index:g})", index)
        self.medium.setCurrentIndex(1)
        self.emission = number(300.0, 1200.0, 584.0, "nm", "Wavelength of the light that is seen")
        self.pixel = number(0.0, 50.0, 0.0, "µm", "Camera pixel divided by magnification")
        self.pixel.setDecimals(4)
        self.pixel.setSpecialValueText("Micro-Manager knows it")
        self.z_min = number(-1e5, 1e5, -60.0, "µm", "No move ever goes below this")
        self.z_max = number(-1e5, 1e5, 60.0, "µm", "No move ever goes above this")
        self.exposure = number(0.1, 10000.0, 20.0, "ms", "Exposure of a frame")
        self.write = button("Write profile and open it…", "", "As YAML; it can be changed later")
        self.hint = note("caution")
        self.hint.setText(
            "Set the focus limits so that the objective cannot touch the sample: they are the "
            "stage's own numbers, as Micro-Manager shows them."
        )
        column = QVBoxLayout(self)
        halves = QHBoxLayout()
        halves.addLayout(self._devices())
        halves.addLayout(self._optics())
        column.addLayout(halves)
        column.addWidget(self.hint)
        column.addLayout(row(1, self.write))

    @property
    def draft(self) -> ProfileDraft | None:
        """The profile as the form has it; None before a ``.cfg`` was read."""
        if self._facts is None:
            return None
        return ProfileDraft(
            name=self.title_text.text() or self._facts.path.stem,
            cfg=self._facts.path,
            camera=self.camera.currentData(),
            focus=self.focus.currentData(),
            xy_stage=self.xy_stage.currentData(),
            channel_group=self.group.currentData(),
            channel=self.channel.currentText() or "default",
            na=self.na.value(),
            magnification=self.magnification.value(),
            immersion_index=float(self.immersion.currentData()),
            sample_index=float(self.medium.currentData()),
            emission_nm=self.emission.value(),
            pixel_size_um=self.pixel.value() or None,
            z_min_um=self.z_min.value(),
            z_max_um=self.z_max.value(),
            exposure_ms=self.exposure.value(),
        )

    def show_facts(self, facts: CfgContents) -> None:
        """Offer what the ``.cfg`` holds."""
        self._facts = facts
        self.title_text.setText(facts.path.stem)
        for box, labels in (
            (self.camera, facts.cameras),
            (self.focus, facts.focuses),
            (self.xy_stage, facts.xy_stages),
        ):
            _fill(box, labels)
        self.group.clear()
        self.group.addItem("none: leave the light path alone", None)
        for name in facts.groups:
            self.group.addItem(name, name)
        self.group.setCurrentIndex(max(0, self.group.findData("Channel")))
        self._show_presets()
        self.pixel.setValue(0.0)
        self.pixel.setSpecialValueText(
            "Micro-Manager knows it" if facts.pixel_sizes_um else "not set: please give it"
        )

    def _show_presets(self) -> None:
        self.channel.clear()
        group = self.group.currentData()
        self.channel.setEditable(group is None)
        if self._facts is not None and group is not None:
            self.channel.addItems(list(self._facts.groups[group]))

    def _devices(self) -> QFormLayout:
        form = QFormLayout()
        form.addRow("Name", self.title_text)
        form.addRow("Camera", self.camera)
        form.addRow("Focus stage", self.focus)
        form.addRow("XY stage", self.xy_stage)
        form.addRow("Channel group", self.group)
        form.addRow("Channel", self.channel)
        form.addRow("Exposure", self.exposure)
        return form

    def _optics(self) -> QFormLayout:
        form = QFormLayout()
        form.addRow("Objective NA", self.na)
        form.addRow("Magnification", self.magnification)
        form.addRow("Immersion", self.immersion)
        form.addRow("Sample in", self.medium)
        form.addRow("Emission", self.emission)
        form.addRow("Pixel in the sample", self.pixel)
        form.addRow("Focus limits", row(self.z_min, "to", self.z_max))
        return form


def _fill(box: QComboBox, labels: Iterable[str]) -> None:
    box.clear()
    box.addItem(ASK, None)
    for label in labels:
        box.addItem(label, label)
