"""What a kind of surface can be set to: a form each, that shows a state and tells of changes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QWidget

from deepz_live.gui.panes.titles import signed
from deepz_live.gui.surfaces.state import SurfaceState
from deepz_live.gui.wizard.sheet import button, note, number, row
from deepz_live.image.dpm import Cylinder, Tilt, Uniform
from deepz_live.image.surface_fit import FIT_KINDS, FitKind

FIT_TEXTS: dict[FitKind, str] = {
    "plane": "plane",
    "quadratic": "bent (quadratic)",
    "thin-plate": "free-form (thin plate)",
}
SMALLEST_MM = 0.2


class Form(QWidget):
    """Base of the forms."""

    changed = pyqtSignal()
    """The operator has set something; :meth:`write` tells what."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 4, 0, 4)
        self._inputs: list[QWidget] = []

    def read(self, state: SurfaceState) -> None:
        """Show what is set, without telling of it."""
        with ExitStack() as quiet:
            for one in self._inputs:
                quiet.enter_context(QSignalBlocker(one))
            self._read(state)

    def write(self, state: SurfaceState) -> None:
        """What is set here."""

    def _read(self, state: SurfaceState) -> None:
        """Show what is set."""


class UniformForm(Form):
    """One depth."""

    def __init__(self) -> None:
        super().__init__()
        self.level = number(-50, 50, 0, "µm", "Depth of the plane; + is up")
        self.rows.addRow("Depth", self.level)
        self._inputs = [self.level]
        self.level.valueChanged.connect(self.changed)

    def write(self, state: SurfaceState) -> None:
        """See :class:`Form`."""
        state.uniform = Uniform(self.level.value())

    def _read(self, state: SurfaceState) -> None:
        self.level.setValue(state.uniform.z_um)


class TiltForm(Form):
    """Two angles and a depth."""

    def __init__(self) -> None:
        super().__init__()
        self.along_x = number(-45, 45, 0, "°", "Rises to the right by this angle")
        self.along_y = number(-45, 45, 0, "°", "Rises downwards by this angle")
        for box in (self.along_x, self.along_y):
            box.setDecimals(2)
            box.setSingleStep(0.1)
        self.level = number(-50, 50, 0, "µm", "Depth in the centre of the image")
        for name, box in (
            ("Along x", self.along_x),
            ("Along y", self.along_y),
            ("Depth in the centre", self.level),
        ):
            self.rows.addRow(name, box)
            self._inputs.append(box)
            box.valueChanged.connect(self.changed)

    def write(self, state: SurfaceState) -> None:
        """See :class:`Form`."""
        state.tilt = Tilt(self.along_x.value(), self.along_y.value(), self.level.value())

    def _read(self, state: SurfaceState) -> None:
        for box, value in ((self.along_x, state.tilt.x_deg), (self.along_y, state.tilt.y_deg)):
            box.setValue(value)
        self.level.setValue(state.tilt.z_um)


class CylinderForm(Form):
    """Diameter, direction and depth."""

    def __init__(self) -> None:
        super().__init__()
        self.diameter = number(SMALLEST_MM, 1000, 7.2, "mm", "Diameter of the tube")
        self.diameter.setDecimals(2)
        self.hollow = QCheckBox("seen from inside (lowest on the axis)")
        self.hollow.setToolTip("The axis is where the surface is lowest, as in a groove")
        self.axis = number(-180, 180, 90, "°", "Direction of its axis, from x towards y")
        self.level = number(-50, 50, 0, "µm", "Depth on the axis, which goes through the centre")
        self.rows.addRow("Diameter", self.diameter)
        self.rows.addRow("", self.hollow)
        self.rows.addRow("Axis", self.axis)
        self.rows.addRow("Depth on the axis", self.level)
        self._inputs = [self.diameter, self.hollow, self.axis, self.level]
        for box in (self.diameter, self.axis, self.level):
            box.valueChanged.connect(self.changed)
        self.hollow.toggled.connect(self.changed)

    def write(self, state: SurfaceState) -> None:
        """See :class:`Form`."""
        sign = -1 if self.hollow.isChecked() else 1
        state.cylinder = Cylinder(
            sign * self.diameter.value(), self.axis.value(), self.level.value()
        )

    def _read(self, state: SurfaceState) -> None:
        self.diameter.setValue(abs(state.cylinder.diameter_mm))
        self.hollow.setChecked(state.cylinder.diameter_mm < 0)
        self.axis.setValue(state.cylinder.axis_deg)
        self.level.setValue(state.cylinder.z_um)


class PointsForm(Form):
    """Clicked points, each at its own depth of best focus, and what is laid through them."""

    picking = pyqtSignal(bool)
    undo_wanted = pyqtSignal()
    clear_wanted = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.fit = _choice(FIT_TEXTS.values(), "What is laid through the points")
        self.pick = button("Pick points", "target", "Then click structures, in any pane")
        self.pick.setCheckable(True)
        self.undo = button("Remove last", tip="Forget the point that was picked last")
        self.clear = button("Remove all", tip="Forget all points")
        self.list = note()
        self.rows.addRow("Fit", self.fit)
        self.rows.addRow(row(self.pick, self.undo, self.clear, 1))
        self.rows.addRow(self.list)
        self._inputs = [self.fit]
        self.fit.currentIndexChanged.connect(self.changed)
        self.pick.toggled.connect(self.picking)
        self.undo.clicked.connect(self.undo_wanted)
        self.clear.clicked.connect(self.clear_wanted)

    def write(self, state: SurfaceState) -> None:
        """See :class:`Form`."""
        state.points_fit = FIT_KINDS[self.fit.currentIndex()]

    def _read(self, state: SurfaceState) -> None:
        self.fit.setCurrentIndex(FIT_KINDS.index(state.points_fit))
        depths = ", ".join(signed(z) for z, _, _ in state.points_um)
        count = len(state.points_um)
        self.list.setText(f"{count} point(s) at {depths} µm" if count else "No points yet.")
        for push in (self.undo, self.clear):
            push.setEnabled(count > 0)


class AutoForm(Form):
    """The surface that the sample lies on."""

    find_wanted = pyqtSignal()
    tint_wanted = pyqtSignal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.fit = _choice(FIT_TEXTS.values(), "How far the surface may bend")
        self.find_now = button("Find now", "target", "From the newest frame (Ctrl+Shift+U)")
        self.tint = QCheckBox("show where it is sure")
        self.tint.setChecked(True)
        self.tint.setToolTip("Cyan tiles carry the surface, amber ones see something off it")
        self.found = note()
        self.rows.addRow("Bends", self.fit)
        self.rows.addRow(row(self.find_now, self.tint, 1))
        self.rows.addRow(self.found)
        self._inputs = [self.fit]
        self.fit.currentIndexChanged.connect(self.changed)
        self.find_now.clicked.connect(self.find_wanted)
        self.tint.toggled.connect(self.tint_wanted)

    def write(self, state: SurfaceState) -> None:
        """See :class:`Form`."""
        state.auto_fit = FIT_KINDS[self.fit.currentIndex()]

    def _read(self, state: SurfaceState) -> None:
        self.fit.setCurrentIndex(FIT_KINDS.index(state.auto_fit))
        found = state.auto
        if found is None:
            self.found.setText("")
            return
        seen = int((found.tiles.confidence > 0).sum())
        self.found.setText(
            f"{found.fit.capitalize()} through {found.used} of {seen} tiles that show something; "
            f"they lie {found.residual_um:.2f} µm off it (median)."
        )


class FreeForm(Form):
    """The brush."""

    brush_wanted = pyqtSignal(bool)
    flatten_wanted = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.brush = button("Brush", tip="Then drag over a pane that shows the surface")
        self.brush.setCheckable(True)
        self.flatten = button("Flatten", tip="Begin again with a plane")
        self.by = number(-5, 5, 0.5, "µm", "How much a dab raises; Shift lowers")
        self.by.setSingleStep(0.1)
        self.radius = number(6, 500, 25, "µm", "Radius of the brush")
        self.rows.addRow(row(self.brush, self.flatten, 1))
        self.rows.addRow("Raises by", self.by)
        self.rows.addRow("Radius", self.radius)
        hint = note()
        hint.setText("Begins as the surface that was chosen before. Shift lowers.")
        self.rows.addRow(hint)
        self.brush.toggled.connect(self.brush_wanted)
        self.flatten.clicked.connect(self.flatten_wanted)


class RecordedForm(Form):
    """Nothing to set: as it was when the recording was made."""

    def __init__(self) -> None:
        super().__init__()
        hint = note()
        hint.setText("The surface that was shown last when this was recorded.")
        self.rows.addRow(hint)


def _choice(texts: Iterable[str], tip: str) -> QComboBox:
    box = QComboBox()
    box.addItems(list(texts))
    box.setToolTip(tip)
    return box
