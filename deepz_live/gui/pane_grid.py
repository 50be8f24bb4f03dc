"""All panes side by side, zoomed and panned as one."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from deepz_live.gui import theme
from deepz_live.gui.panes import Pane

COLOUR_MAPS = ("gray", "viridis", "inferno")


class PaneGrid(QWidget):
    """Above: raw, free plane, projection and a corner. Below: the fixed planes.

    The depth knob lies between the rows, right above the planes whose depths it marks.
    """

    hovered = pyqtSignal(object)
    view_changed = pyqtSignal()

    def __init__(
        self, fixed: int, corner: QWidget, between: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.raw = Pane()
        self.free = Pane(colour=theme.KNOB)
        self.free.wheel_is_knob = True
        self.projection = Pane()
        self.fixed = tuple(Pane() for _ in range(fixed))
        self.all = (self.raw, self.free, self.projection, *self.fixed)
        self._field = (1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addLayout(_row(self.raw, self.free, self.projection, corner), 5)
        column.addWidget(between)
        column.addLayout(_row(*self.fixed), 4)
        for pane in self.all:
            pane.moved.connect(self._follow)
            pane.resized.connect(self.view_changed)
            pane.fit_wanted.connect(self.fit)
            pane.hovered.connect(self._point)
        self.set_colour_map(COLOUR_MAPS[0])

    def set_field(self, shape: tuple[int, int], pixel_size_um: float) -> None:
        """A new image size ``(Y, X)``: show all of it."""
        self._field = shape
        for pane in self.all:
            pane.set_pixel_size(pixel_size_um)
        self.fit()

    def fit(self) -> None:
        """Show the whole field in every pane."""
        height, width = self._field
        self.show_rect(QRectF(0, 0, width, height))

    def show_rect(self, rect: QRectF) -> None:
        """The same pixels in every pane."""
        for pane in self.all:
            pane.show_rect(rect)
        self.view_changed.emit()

    def zoom(self, factor: float) -> None:
        """Show ``factor`` times as much, around the same centre."""
        rect = self.raw.wanted_rect
        grown = QRectF(0, 0, rect.width() * factor, rect.height() * factor)
        grown.moveCenter(rect.center())
        self.show_rect(grown)

    def set_colour_map(self, name: str) -> None:
        """One of :data:`COLOUR_MAPS`."""
        table = colour_table(name)
        for pane in self.all:
            pane.set_colours(table)

    def _follow(self, rect: QRectF) -> None:
        moved = self.sender()
        for pane in self.all:
            if pane is not moved:
                pane.show_rect(rect)
        self.view_changed.emit()

    def _point(self, at: tuple[float, float] | None) -> None:
        under = self.sender()
        for pane in self.all:
            pane.set_cursor(None if pane is under else at)
        self.hovered.emit(at)


def _row(*widgets: QWidget) -> QHBoxLayout:
    """Widgets of equal width, whatever they contain."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        row.addWidget(widget, 1)
    return row


def colour_table(name: str) -> NDArray[np.uint8]:
    """``(256, 3)`` uint8 colours from dark to bright."""
    if name == "gray":
        ramp = np.arange(256, dtype=np.uint8)
        return np.stack([ramp, ramp, ramp], axis=1)
    table: NDArray[np.uint8] = pg.colormap.get(name).getLookupTable(nPts=256, alpha=False)
    return table.astype(np.uint8)
