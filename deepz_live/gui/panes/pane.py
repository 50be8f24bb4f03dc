"""One image pane: badge, title, picture. It only shows."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.panes.canvas import Canvas, Legend
from deepz_live.gui.panes.overlay import Line, Rings
from deepz_live.gui.panes.titles import fitted
from deepz_live.refocus.cuts import Cut, PlaneCut, SectionCut, SurfaceCut

HEAD_GAP_PX = 24
Level = Literal["", "good", "caution", "alarm"]


class Pane(QFrame):
    """A picture in pixel coordinates: pixel ``(y, x)`` covers ``x … x + 1``, ``y … y + 1``.

    In an upright section the depth axis is scaled to pixels, too: µm over the pixel size; on the
    screen it is stretched to fill the pane.
    ``choosable``: the operator may choose what it shows.
    """

    moved = pyqtSignal(QRectF)
    """Zoomed or panned by hand; the rectangle of pixels that is in view now."""
    resized = pyqtSignal()
    hovered = pyqtSignal(object)
    """``(y, x)`` in pixels under the mouse, or None when it left; never in a section."""
    clicked = pyqtSignal(object)
    section_clicked = pyqtSignal(object)
    """In a section instead: ``(y, x)`` of its picture, whose one axis is depth."""
    double_clicked = pyqtSignal(object)
    dragged = pyqtSignal(object)
    """``(y, x)`` in pixels; ``dragged`` only after :meth:`set_brush`, None where a stroke ends."""
    wheel_turned = pyqtSignal(int)
    """Notches of the wheel, only where the cut has a depth or a place to turn."""
    menu_wanted = pyqtSignal(QPoint)

    def __init__(self, parent: QWidget | None = None, *, choosable: bool = True) -> None:
        super().__init__(parent)
        self._cut: Cut | None = None
        self._badge = QLabel("\N{BLACK CIRCLE}")
        self._badge.hide()
        self._title = QLabel()
        self._side = QLabel()
        theme.set_role(self._side, "dim")
        self._side.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._side.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._title_text = self._side_text = ""
        self._more = QToolButton()
        self._more.setText("\N{HORIZONTAL ELLIPSIS}")
        self._more.setToolTip("What this pane shows (or right-click)")
        self._more.setStyleSheet("padding: 0 4px;")
        self._more.setVisible(choosable)
        self._canvas = Canvas()
        self._layers: dict[str, tuple[Line, ...]] = {}
        self._tint: NDArray[np.uint8] | None = None
        self._lay_out()
        self._rect = QRectF(0, 0, 1, 1)
        self._depth_px = 1.0
        self._selected = False
        self.set_selected(False)
        self._connect()

    @property
    def cut(self) -> Cut | None:
        """What of the virtual stack is shown; None: the raw frame."""
        return self._cut

    def set_cut(self, cut: Cut | None) -> None:
        """Show something else; the old picture stays until there is a new one."""
        self._cut = cut
        upright = isinstance(cut, SectionCut)
        self._canvas.wheel_is_knob = upright or isinstance(cut, PlaneCut | SurfaceCut)
        self._canvas.legend = self._canvas.ends = None
        self._canvas.sideways = isinstance(cut, SectionCut) and cut.axis == "yz"
        # A few µm of depth beside a wide field: true to scale a section would be a thread.
        self._canvas.box.setAspectLocked(not upright)
        self.show_rect(self._rect)

    @property
    def title(self) -> str:
        """What the pane says it shows."""
        return self._title_text

    @property
    def badge(self) -> str:
        """Level of trust that is shown: ``""``, ``good``, ``caution`` or ``alarm``."""
        return str(self._badge.property("level") or "")

    @property
    def note(self) -> str:
        """The sentence over the picture, or an empty string."""
        return self._canvas.note

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """The grey values that are shown, or None."""
        image: NDArray[np.uint8] | None = self._canvas.item.image
        return image

    @property
    def selected(self) -> bool:
        """Whether the depth knob turns this pane."""
        return self._selected

    @property
    def overlay(self) -> tuple[Line, ...]:
        """The lines over the picture."""
        return self._canvas.lines

    @property
    def canvas(self) -> Canvas:
        """The picture itself, for whoever sends it mouse events or grabs it."""
        return self._canvas

    @property
    def view_rect(self) -> QRectF:
        """The rectangle of pixels in view."""
        return QRectF(self._canvas.box.viewRect())

    @property
    def wanted_rect(self) -> QRectF:
        """The rectangle that was asked for; the pane may be wider or higher."""
        return QRectF(self._rect)

    @property
    def scale(self) -> tuple[float, float]:
        """Screen points a pixel of the picture takes along y and x; in a section they differ."""
        zero, one = self._canvas.spot(0.0, 0.0), self._canvas.spot(1.0, 1.0)
        return (one.y() - zero.y(), one.x() - zero.x())

    @property
    def screen_px(self) -> float:
        """Width of the picture on the screen."""
        return float(self._canvas.width()) * float(self._canvas.devicePixelRatioF())

    def set_title(self, text: str, side: str = "") -> None:
        """The name of the pane, and small to the right the levels."""
        if (self._title_text, self._side_text) != (text, side):
            self._title_text, self._side_text = text, side
            self._fit_head()

    def set_badge(self, level: Level, tip: str = "") -> None:
        """How far the picture can be trusted, and why; an empty level hides the badge."""
        if self.badge != level:
            theme.set_look(self._badge, "level", level)
            self._badge.setVisible(bool(level))
            self._fit_head()  # it takes room from the title
        if self._badge.toolTip() != tip:
            self._badge.setToolTip(tip)

    def set_selected(self, on: bool) -> None:
        """Mark the pane that the depth knob turns."""
        self._selected = on
        theme.set_role(self._title, "step" if on else "title")
        theme.set_look(self._canvas, "selected", on)

    def set_picture(self, screen: NDArray[np.uint8], rect: QRectF) -> None:
        """Show ``(Y, X)`` grey values or ``(Y, X, 3)`` colours over the pixels ``rect``."""
        self._canvas.note = ""
        self._canvas.item.setImage(screen, autoLevels=False, levels=None)
        self._canvas.item.setRect(rect)
        self._canvas.redraw()

    def set_depth(self, depth_px: float, ends: tuple[str, str]) -> None:
        """Extent of the depth axis of a section in pixels, and what its ends are called."""
        self._canvas.ends = ends
        if depth_px != self._depth_px:
            self._depth_px = depth_px
            self.show_rect(self._rect)

    def set_note(self, sentence: str) -> None:
        """Say why there is no picture."""
        if self._canvas.note != sentence:
            self._canvas.note = sentence
            self._canvas.item.clear()
            self._canvas.redraw()

    def set_overlay(self, lines: tuple[Line, ...], layer: str = "") -> None:
        """Draw lines over the picture, in pixels of the frame; each feature has its layer."""
        if self._layers.get(layer, ()) != lines:
            self._layers[layer] = lines
            self._canvas.lines = tuple(line for one in self._layers.values() for line in one)
            self._canvas.redraw()

    def set_rings(self, rings: tuple[Rings, ...]) -> None:
        """Draw circles over the picture, in pixels of the frame; in a section of the pane."""
        if self._canvas.rings != rings:
            self._canvas.rings = rings
            self._canvas.redraw()

    @property
    def rings(self) -> tuple[Rings, ...]:
        """The circles over the picture."""
        return self._canvas.rings

    def set_tint(self, tint: NDArray[np.uint8] | None, rect: QRectF | None = None) -> None:
        """Lay colours ``(Y, X, 4)`` (red, green, blue, opacity) over the pixels ``rect``."""
        if tint is self._tint:
            return
        self._tint = tint
        if tint is None or rect is None:
            self._canvas.tint.clear()
        else:
            self._canvas.tint.setImage(tint, autoLevels=False, levels=(0, 255))
            self._canvas.tint.setRect(rect)
        self._canvas.redraw()

    @property
    def tint(self) -> NDArray[np.uint8] | None:
        """The colours over the picture, or None."""
        return self._tint

    def reset(self) -> None:
        """As if new: no picture, nothing over it, no badge."""
        self._layers.clear()
        self._canvas.lines = self._canvas.rings = ()
        self._canvas.note = ""
        self._canvas.item.clear()
        self.set_tint(None)
        self.set_badge("")
        self.set_selected(False)
        self.set_brush(False)
        self.set_cursor(None)
        self.set_title("")
        self.set_cut(None)

    def set_legend(self, legend: Legend | None) -> None:
        """A bar of colours beside the picture."""
        self._canvas.legend = legend
        self._canvas.redraw()

    def set_colours(self, table: NDArray[np.uint8]) -> None:
        """Colour table ``(256, 3)`` for the grey values."""
        self._canvas.item.setLookupTable(table)
        self._canvas.redraw()

    def set_pixel_size(self, pixel_size_um: float) -> None:
        """For the scale bar; 0 hides it."""
        self._canvas.pixel_size_um = pixel_size_um
        self._canvas.redraw()

    def set_cursor(self, at: tuple[float, float] | None) -> None:
        """Mark the pixel ``(y, x)`` that the mouse is on elsewhere; in a section there is none."""
        at = None if isinstance(self._cut, SectionCut) else at
        if self._canvas.cursor_at != at:
            self._canvas.cursor_at = at
            self._canvas.redraw()

    def set_cross(self, at: tuple[float, float] | None) -> None:
        """Mark the pixel ``(y, x)`` through which sections go; in a section there is none."""
        at = None if isinstance(self._cut, SectionCut) else at
        if self._canvas.cross_at != at:
            self._canvas.cross_at = at
            self._canvas.redraw()

    def set_brush(self, on: bool) -> None:
        """Whether the mouse draws instead of panning."""
        self._canvas.brush = on

    def show_rect(self, rect: QRectF) -> None:
        """Bring the pixels ``rect`` into view; a section shows its whole depth there."""
        self._rect = QRectF(rect)
        shown = QRectF(rect)
        if isinstance(self._cut, SectionCut):
            if self._cut.axis == "xz":
                shown = QRectF(rect.x(), 0, rect.width(), self._depth_px)
            else:
                shown = QRectF(0, rect.y(), self._depth_px, rect.height())
        self._canvas.box.setRange(rect=shown, padding=0, disableAutoRange=True)
        self._canvas.redraw()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Keep in view what was in view."""
        super().resizeEvent(event)
        self._fit_head()
        self.show_rect(self._rect)
        self.resized.emit()

    def _fit_head(self) -> None:
        """The title goes first; in a narrow pane it has two lines."""
        self._title.ensurePolished()
        metrics = self._title.fontMetrics()
        beside = [part for part in (self._more, self._badge) if not part.isHidden()]
        room = self.width() - HEAD_GAP_PX - sum(part.sizeHint().width() for part in beside)
        title = fitted(self._title_text, room, metrics)
        left = room - metrics.horizontalAdvance(title) if title == self._title_text else 0
        side = self._side_text
        if self._side.fontMetrics().horizontalAdvance(side) > left:
            side = ""
        if self._title.text() != title:
            self._title.setText(title)
        if self._side.text() != side:
            self._side.setText(side)

    def _take_rect(self, rect: QRectF) -> None:
        if isinstance(self._cut, SectionCut):
            if self._cut.axis == "xz":
                rect = QRectF(rect.x(), self._rect.y(), rect.width(), self._rect.height())
            else:
                rect = QRectF(self._rect.x(), rect.y(), self._rect.width(), rect.height())
        self._rect = rect
        self.moved.emit(rect)

    def _point(self, at: tuple[float, float] | None) -> None:
        self.hovered.emit(None if isinstance(self._cut, SectionCut) else at)

    def _press(self, at: tuple[float, float]) -> None:
        section = isinstance(self._cut, SectionCut)
        self.clicked.emit(None if section else at)
        if section:
            self.section_clicked.emit(at)

    def _ask_menu(self) -> None:
        self.menu_wanted.emit(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _connect(self) -> None:
        canvas = self._canvas
        canvas.moved.connect(self._take_rect)
        canvas.hovered.connect(self._point)
        canvas.clicked.connect(self._press)
        canvas.double_clicked.connect(self.double_clicked)
        canvas.dragged.connect(self.dragged)
        canvas.wheel_turned.connect(self.wheel_turned)
        canvas.menu_wanted.connect(self.menu_wanted)
        self._more.clicked.connect(self._ask_menu)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(4, 0, 0, 0)
        head.setSpacing(5)
        head.addWidget(self._badge)
        head.addWidget(self._title)
        head.addWidget(self._side, 1)
        head.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._canvas, 1)
