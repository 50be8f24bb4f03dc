"""Which channels are taken in turn."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from deepz_live.gui import theme


class ChannelDialog(QDialog):
    """A box for every channel of the microscope; tells which were chosen, in their order."""

    chosen = pyqtSignal(tuple)

    def __init__(
        self, names: tuple[str, ...], ticked: tuple[str, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Channels in turn")
        self.boxes = {name: QCheckBox(name) for name in names}
        column = QVBoxLayout(self)
        column.addWidget(QLabel("The camera takes these channels one after the other:"))
        for name, box in self.boxes.items():
            box.setChecked(name in ticked)
            box.toggled.connect(self._refresh)
            column.addWidget(box)
        note = QLabel("Drift is measured in the first. Each has the model that the profile names.")
        theme.set_role(note, "dim")
        column.addWidget(note)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.accepted.connect(lambda: self.chosen.emit(self.names))
        self._refresh()

    @property
    def names(self) -> tuple[str, ...]:
        """The channels that are ticked."""
        return tuple(name for name, box in self.boxes.items() if box.isChecked())

    def _refresh(self) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if ok is not None:
            ok.setEnabled(bool(self.names))
