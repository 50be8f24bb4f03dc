"""The dock: which surface, what it is set to, where it is shown, and what speaks against it."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QComboBox, QFrame, QStackedWidget, QVBoxLayout, QWidget

from deepz_live.gui.surfaces.forms import (
    AutoForm,
    CylinderForm,
    Form,
    FreeForm,
    PointsForm,
    RecordedForm,
    TiltForm,
    UniformForm,
)
from deepz_live.gui.surfaces.state import KINDS, Kind, SurfaceState
from deepz_live.gui.wizard.sheet import button, note, row, say

KIND_TEXTS: dict[Kind, str] = {
    "uniform": "Plane",
    "tilt": "Tilted plane",
    "cylinder": "Cylinder",
    "points": "Through clicked points",
    "auto": "Found in the sample (auto)",
    "free": "Drawn with a brush",
    "recorded": "As recorded",
}


class SurfacePanel(QFrame):
    """Shows a :class:`SurfaceState`; tells what the operator did."""

    kind_wanted = pyqtSignal(object)
    changed = pyqtSignal()
    """Something was set in the form of the kind; :meth:`write` tells what."""
    show_wanted = pyqtSignal()
    contours_wanted = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QComboBox()
        self.kind.setToolTip("The rule that gives each pixel its depth")
        self.kind.addItems([KIND_TEXTS[kind] for kind in KINDS])
        self.points, self.auto, self.free = PointsForm(), AutoForm(), FreeForm()
        self.uniform, self.tilt, self.cylinder = UniformForm(), TiltForm(), CylinderForm()
        self.forms: dict[Kind, Form] = {
            "uniform": self.uniform,
            "tilt": self.tilt,
            "cylinder": self.cylinder,
            "points": self.points,
            "auto": self.auto,
            "free": self.free,
            "recorded": RecordedForm(),
        }
        self._stack = QStackedWidget()
        for form in self.forms.values():
            self._stack.addWidget(form)
            form.changed.connect(self.changed)
        self.show_button = button("Show in selected pane", "target", "Ctrl+U")
        self.contours = QCheckBox("contour lines")
        self.contours.setToolTip("Lines of equal depth over the panes, in µm")
        self.contours.setChecked(True)
        self.missing, self.warning = note(), note("caution")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.addWidget(self.kind)
        column.addWidget(self._stack)
        column.addLayout(row(self.show_button, self.contours, 1))
        column.addWidget(self.missing)
        column.addWidget(self.warning)
        column.addStretch(1)
        self.kind.activated.connect(self._choose)
        self.show_button.clicked.connect(self.show_wanted)
        self.contours.toggled.connect(self.contours_wanted)

    def read(self, state: SurfaceState) -> None:
        """Show what is set."""
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(KINDS.index(state.kind))
        form = self.forms[state.kind]
        self._stack.setCurrentWidget(form)
        form.read(state)
        self.tell(state.missing)
        self.show_button.setEnabled(state.surface is not None)

    def write(self, state: SurfaceState) -> None:
        """What is set in the form of the kind."""
        self.forms[state.kind].write(state)

    def tell(self, sentence: str) -> None:
        """What is missing, or what came of the last click."""
        say(self.missing, sentence)
        self.missing.setVisible(bool(sentence))

    def warn(self, sentence: str) -> None:
        """What speaks against the surface; an empty sentence: nothing."""
        say(self.warning, sentence, "caution")
        self.warning.setVisible(bool(sentence))

    def _choose(self, index: int) -> None:
        self.kind_wanted.emit(KINDS[index])
