"""Which panes and which stretch become a movie; asked beside the running view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class MovieWish:
    """What was chosen; ``panes`` are numbers, ``frame_rate_hz`` None is as recorded."""

    panes: tuple[int, ...]
    span: Span | None
    columns: int
    frame_rate_hz: float | None
    compensate: bool


class MovieDialog(QDialog):
    """Not modal.

    Parameters
    ----------
    titles
        Of the panes.
    stretches
        Names and ends of what can be shown; None: all there is.
    compensate
        Whether the view is held now.
    """

    chosen = pyqtSignal(object)

    def __init__(
        self,
        titles: Sequence[str],
        stretches: Sequence[tuple[str, Span | None]],
        compensate: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export movie")
        self.panes = QListWidget()
        for title in titles:
            item = QListWidgetItem(title)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self.panes.addItem(item)
        self.stretch = QComboBox()
        for name, span in stretches:
            self.stretch.addItem(name, span)
        self.columns = QSpinBox()
        self.columns.setRange(1, 12)
        self.columns.setValue(min(len(titles), 3 if len(titles) <= 6 else 4))
        self.rate_hz = QDoubleSpinBox()
        self.rate_hz.setRange(0.0, 60.0)
        self.rate_hz.setSuffix(" pictures/s")
        self.rate_hz.setSpecialValueText("as recorded")
        self.compensate = QCheckBox("hold the sample still (drift taken out)")
        self.compensate.setChecked(compensate)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Save | buttons.Cancel)
        self._lay_out()
        self.panes.itemChanged.connect(self._follow)
        self.buttons.accepted.connect(self._choose)
        self.buttons.rejected.connect(self.reject)

    @property
    def wish(self) -> MovieWish:
        """What is chosen now."""
        checked = [
            number
            for number in range(self.panes.count())
            if (item := self.panes.item(number)) is not None
            and item.checkState() == Qt.CheckState.Checked
        ]
        return MovieWish(
            panes=tuple(checked),
            span=self.stretch.currentData(),
            columns=self.columns.value(),
            frame_rate_hz=self.rate_hz.value() or None,
            compensate=self.compensate.isChecked(),
        )

    def _choose(self) -> None:
        wish = self.wish
        self.accept()
        self.chosen.emit(wish)

    def _follow(self) -> None:
        button = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        if button is not None:
            button.setEnabled(bool(self.wish.panes))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Panes", self.panes)
        form.addRow("Frames", self.stretch)
        form.addRow("Side by side", self.columns)
        form.addRow("Pace", self.rate_hz)
        form.addRow("", self.compensate)
        note = QLabel(
            "Time, depth and what was inferred are burnt in; levels and colours are those of now. "
            "Frames are refocused anew by a network of its own, beside the view."
        )
        note.setWordWrap(True)
        theme.set_role(note, "dim")
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(note)
        column.addWidget(self.buttons)
        self.setMinimumWidth(430)
