"""All panes side by side, zoomed and panned as one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PyQt6.QtCore import QPoint, QRectF, pyqtBoundSignal, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from deepz_live.gui.panes.colours import COLOUR_MAPS, colour_table
from deepz_live.gui.panes.pane import Pane
from deepz_live.refocus.cuts import Cut

MOST_PANES = 12


class PaneGrid(QWidget):
    """One to twelve panes in one, two or three rows; every signal says which pane, from 0."""

    hovered = pyqtSignal(int, object)
    """``(y, x)`` in pixels of the frame; None where the mouse is in no picture or a section."""
    view_changed = pyqtSignal()
    panes_changed = pyqtSignal()
    """There are more, fewer or other panes."""
    clicked = pyqtSignal(int, object)
    """``(y, x)`` in pixels of the frame; None in a section."""
    section_clicked = pyqtSignal(int, object)
    """``(y, x)`` in the picture of a section, as :attr:`Pane.section_clicked`."""
    double_clicked = pyqtSignal(int, object)
    dragged = pyqtSignal(int, object)
    wheel_turned = pyqtSignal(int, int)
    menu_wanted = pyqtSignal(int, QPoint)

    def __init__(self, parent: QWidget | None = None, *, choosable: bool = True) -> None:
        super().__init__(parent)
        self._choosable = choosable
        self._panes: list[Pane] = []
        self._spare: list[Pane] = []
        """Hidden, to be taken again: making a pane takes as long as several pictures."""
        self._field = (1, 1)
        self._pixel_size_um = 0.0
        self._rect = QRectF(0, 0, 1, 1)
        self._colours = COLOUR_MAPS[0]
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(8, 6, 8, 6)
        self._layout.setSpacing(6)
        self._columns = self._rows = 0

    @property
    def panes(self) -> tuple[Pane, ...]:
        """In their order, row by row."""
        return tuple(self._panes)

    @property
    def raw(self) -> Pane:
        """The first pane that shows the raw frame."""
        return next(pane for pane in self._panes if pane.cut is None)

    @property
    def field(self) -> tuple[int, int]:
        """Size ``(Y, X)`` of the frame in pixels."""
        return self._field

    @property
    def pixel_size_um(self) -> float:
        """Pixel of the frame in the sample."""
        return self._pixel_size_um

    @property
    def colour_map(self) -> str:
        """Name of the colours of all panes, one of :data:`COLOUR_MAPS`."""
        return self._colours

    def show_cuts(self, cuts: Sequence[Cut | None], selected: int) -> None:
        """As many panes as cuts, each with its cut (None: raw)."""
        changed = len(cuts) != len(self._panes)
        while len(self._panes) > len(cuts):
            pane = self._panes.pop()
            self._layout.removeWidget(pane)
            pane.hide()
            pane.reset()
            self._spare.append(pane)
        while len(self._panes) < len(cuts):
            self._panes.append(self._taken() if self._spare else self._made())
        if changed:
            self._arrange()
        for number, (pane, cut) in enumerate(zip(self._panes, cuts, strict=True)):
            if pane.cut != cut:
                changed = True
                pane.set_cut(cut)
            if pane.selected != (number == selected):
                pane.set_selected(number == selected)
        if changed:
            self.panes_changed.emit()

    def set_field(self, shape: tuple[int, int], pixel_size_um: float) -> None:
        """A new image size ``(Y, X)``: show all of it."""
        self._field, self._pixel_size_um = shape, pixel_size_um
        for pane in self._panes:
            pane.set_pixel_size(pixel_size_um)
        self.fit()

    def fit(self) -> None:
        """Show the whole field in every pane."""
        height, width = self._field
        self.show_rect(QRectF(0, 0, width, height))

    def show_rect(self, rect: QRectF) -> None:
        """The same pixels in every pane."""
        self._rect = QRectF(rect)
        for pane in self._panes:
            pane.show_rect(rect)
        self.view_changed.emit()

    def zoom(self, factor: float) -> None:
        """Show ``factor`` times as much, around the same centre."""
        rect = self._rect
        grown = QRectF(0, 0, rect.width() * factor, rect.height() * factor)
        grown.moveCenter(rect.center())
        self.show_rect(grown)

    def set_colour_map(self, name: str) -> None:
        """One of :data:`COLOUR_MAPS`."""
        self._colours = name
        for pane in self._panes:
            pane.set_colours(colour_table(name))

    def set_cross(self, at: tuple[float, float] | None) -> None:
        """Mark where sections go through."""
        for pane in self._panes:
            pane.set_cross(at)

    def _taken(self) -> Pane:
        pane = self._spare.pop()
        self._dress(pane)
        return pane

    def _dress(self, pane: Pane) -> None:
        """As the others are now."""
        pane.set_colours(colour_table(self._colours))
        pane.set_pixel_size(self._pixel_size_um)
        pane.show_rect(self._rect)

    def _made(self) -> Pane:
        pane = Pane(choosable=self._choosable)
        pane.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._dress(pane)
        pane.moved.connect(self._follow)
        pane.resized.connect(self.view_changed)
        pane.hovered.connect(self._point)
        pane.clicked.connect(self._click)
        pane.section_clicked.connect(self._click_section)
        pane.double_clicked.connect(self._double_click)
        pane.dragged.connect(self._drag)
        pane.wheel_turned.connect(self._turn)
        pane.menu_wanted.connect(self._ask_menu)
        return pane

    def _arrange(self) -> None:
        count = len(self._panes)
        rows = 1 if count <= 3 else 2 if count <= 8 else 3
        columns = math.ceil(count / rows)
        for number, pane in enumerate(self._panes):
            self._layout.addWidget(pane, number // columns, number % columns)
            pane.show()
        for row in range(max(rows, self._rows)):
            self._layout.setRowStretch(row, 1 if row < rows else 0)
        for column in range(max(columns, self._columns)):
            self._layout.setColumnStretch(column, 1 if column < columns else 0)
        self._rows, self._columns = rows, columns

    def _number(self) -> int | None:
        """Which pane speaks; None for one that was taken out: the mouse leaves it after that."""
        sender = self.sender()
        return next((number for number, pane in enumerate(self._panes) if pane is sender), None)

    def _follow(self, rect: QRectF) -> None:
        self._rect = QRectF(rect)
        moved = self.sender()
        for pane in self._panes:
            if pane is not moved:
                pane.show_rect(rect)
        self.view_changed.emit()

    def _point(self, at: tuple[float, float] | None) -> None:
        under = self.sender()
        for pane in self._panes:
            pane.set_cursor(None if pane is under else at)
        self._tell(self.hovered, at)

    def _click(self, at: tuple[float, float] | None) -> None:
        self._tell(self.clicked, at)

    def _click_section(self, at: tuple[float, float]) -> None:
        self._tell(self.section_clicked, at)

    def _double_click(self, at: tuple[float, float]) -> None:
        self._tell(self.double_clicked, at)

    def _drag(self, at: tuple[float, float] | None) -> None:
        self._tell(self.dragged, at)

    def _turn(self, notches: int) -> None:
        self._tell(self.wheel_turned, notches)

    def _ask_menu(self, where: QPoint) -> None:
        self._tell(self.menu_wanted, where)

    def _tell(self, signal: pyqtBoundSignal, value: object) -> None:
        number = self._number()
        if number is not None:
            signal.emit(number, value)
