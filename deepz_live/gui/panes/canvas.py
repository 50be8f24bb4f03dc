"""The picture of a pane, with what is painted over it in screen coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QContextMenuEvent, QImage, QMouseEvent, QPainter, QPen, QWheelEvent
from PyQt6.QtWidgets import QWidget

from deepz_live.gui import theme
from deepz_live.gui.panes.overlay import Line, Rings, paint_lines, paint_rings

NICE_LENGTHS_UM = tuple(m * 10.0**e for e in range(-2, 5) for m in (1, 2, 5))
WHEEL_STEP = 120
STILL_PX = 4
"""A press that moved less than this was a click."""


@dataclass(frozen=True, slots=True, eq=False)
class Legend:
    """A bar of colours ``(N, 3)`` uint8, from ``low`` at the bottom to ``high`` at the top."""

    table: NDArray[np.uint8]
    low: str
    high: str


class Canvas(pg.GraphicsView):  # type: ignore[misc]
    """Knows nothing of what it shows; tells what the mouse did, in pixels ``(y, x)``."""

    moved = pyqtSignal(QRectF)
    clicked = pyqtSignal(object)
    double_clicked = pyqtSignal(object)
    dragged = pyqtSignal(object)
    """``(y, x)`` while the left button is held, only where :attr:`brush`; None at the end."""
    hovered = pyqtSignal(object)
    wheel_turned = pyqtSignal(int)
    menu_wanted = pyqtSignal(QPoint)

    def __init__(self) -> None:
        super().__init__(background=theme.PICTURE)
        # A view that follows its scene has the whole window painted at once, each canvas for
        # itself. Whoever changes something here says so with :meth:`redraw`, and all are painted
        # together.
        self.setViewportUpdateMode(self.ViewportUpdateMode.NoViewportUpdate)
        # A view takes drops for its scene; here files are dropped on the window.
        self.setAcceptDrops(False)
        # Made here and kept: for a viewport that Qt makes itself, Python may hand out an object
        # that stood for a part of a window long deleted, at the same address.
        self._surface = QWidget()
        self.setViewport(self._surface)
        self._surface.setMouseTracking(True)
        self.note = ""
        self.pixel_size_um = 0.0
        self.cursor_at: tuple[float, float] | None = None
        self.cross_at: tuple[float, float] | None = None
        self.wheel_is_knob = self.brush = False
        self.lines: tuple[Line, ...] = ()
        self.rings: tuple[Rings, ...] = ()
        self.legend: Legend | None = None
        self.ends: tuple[str, str] | None = None
        """Names of the picture's first and last row, or column if :attr:`sideways`."""
        self.sideways = False
        self._pressed: QPointF | None = None
        self.box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
        self.box.setBackgroundColor(theme.PICTURE)
        self.item = pg.ImageItem(axisOrder="row-major")
        self.box.addItem(self.item)
        self.tint = pg.ImageItem(axisOrder="row-major")
        self.box.addItem(self.tint)
        self.setCentralItem(self.box)
        self.setMinimumSize(80, 80)
        self.box.sigRangeChangedManually.connect(self._range_changed)
        self.box.sigRangeChanged.connect(self._range_moved)

    def redraw(self) -> None:
        """Paint again, with whatever else has changed in the window."""
        self._surface.update()

    def spot(self, y: float, x: float) -> QPointF:
        """Where pixel coordinates lie on the widget."""
        return QPointF(self.mapFromScene(self.box.mapViewToScene(QPointF(x, y))))

    def drawForeground(self, painter: QPainter | None, _rect: QRectF) -> None:  # noqa: N802
        """Rings, lines, cursor, scale bar and note, in screen pixels."""
        if painter is None:
            return
        painter.save()
        painter.resetTransform()
        if self.note:
            self._draw_note(painter)
        else:
            paint_rings(painter, self, self.rings)
            paint_lines(painter, self, self.lines)
            self._draw_mark(painter, self.cross_at, theme.ON_PICTURE_DIM, 4, 9)
            self._draw_mark(painter, self.cursor_at, theme.ON_PICTURE_KNOB, 5, 12)
            self._draw_scale_bar(painter)
            self._draw_legend(painter)
            self._draw_ends(painter)
        painter.restore()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Turn the knob where the pane has one, else zoom; Ctrl always zooms."""
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self.wheel_is_knob and not control:
            delta = event.angleDelta().y()
            self.wheel_turned.emit(max(1, abs(delta) // WHEEL_STEP) * (1 if delta > 0 else -1))
            event.accept()
            return
        super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begin a click, a pan, or a stroke of the brush."""
        self._pressed = QPointF(event.position())
        if self.brush and event.button() == Qt.MouseButton.LeftButton:
            self.dragged.emit(self._at(event))
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tell the others where the mouse is."""
        at = self._at(event)
        if self.brush and event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(at)
            event.accept()
        else:
            super().mouseMoveEvent(event)
        self.hovered.emit(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A press that did not move was a click."""
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self.brush:
            self.dragged.emit(None)
        if pressed is None:
            return
        if (event.position() - pressed).manhattanLength() < STILL_PX:
            self.clicked.emit(self._at(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Told with its place."""
        event.accept()
        self._pressed = None
        self.double_clicked.emit(self._at(event))

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:  # noqa: N802
        """What may be shown here."""
        if event is not None:
            event.accept()
            self.menu_wanted.emit(event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """The mouse is nowhere now."""
        super().leaveEvent(event)
        self.hovered.emit(None)

    def _at(self, event: QMouseEvent) -> tuple[float, float]:
        at = self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))
        return float(at.y()), float(at.x())

    def _range_changed(self, *_: Any) -> None:
        self.moved.emit(QRectF(self.box.viewRect()))

    def _range_moved(self, *_: Any) -> None:
        self.redraw()

    def _draw_note(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.ON_PICTURE_DIM))
        area = QRectF(self.rect()).adjusted(18, 18, -18, -18)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(area, int(flags), self.note)

    def _draw_mark(
        self,
        painter: QPainter,
        at: tuple[float, float] | None,
        colour: str,
        near: float,
        far: float,
    ) -> None:
        if at is None:
            return
        spot = self.spot(*at)
        painter.setPen(QPen(QColor(colour), 1))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(spot + QPointF(dx, dy) * near, spot + QPointF(dx, dy) * far)

    def _draw_scale_bar(self, painter: QPainter) -> None:
        view = self.box.viewRect()
        if self.pixel_size_um <= 0 or view.width() <= 0:
            return
        um_per_screen_px = view.width() * self.pixel_size_um / max(1, self.width())
        length_um = nice_length_um(um_per_screen_px * self.width() * 0.25)
        length = length_um / um_per_screen_px
        left, bottom = 12.0, self.height() - 12.0
        text = f"{length_um:g} µm"
        width = max(length, painter.fontMetrics().horizontalAdvance(text)) + 12
        shade = QColor(0, 0, 0, 130)
        painter.fillRect(QRectF(left - 6, bottom - 22, width, 28), shade)
        painter.fillRect(QRectF(left, bottom - 2, length, 3), QColor(theme.ON_PICTURE))
        painter.setPen(QColor(theme.ON_PICTURE))
        painter.drawText(QPointF(left, bottom - 7), text)

    def _draw_legend(self, painter: QPainter) -> None:
        legend = self.legend
        if legend is None:
            return
        height = min(120.0, self.height() * 0.5)
        metrics = painter.fontMetrics()
        text = max(metrics.horizontalAdvance(legend.low), metrics.horizontalAdvance(legend.high))
        left, top = self.width() - text - 30.0, 12.0
        painter.fillRect(QRectF(left - 6, top - 6, text + 30, height + 12), QColor(0, 0, 0, 130))
        column = np.ascontiguousarray(legend.table[::-1, None, :])
        bar = QImage(column.tobytes(), 1, len(column), 3, QImage.Format.Format_RGB888).copy()
        painter.drawImage(QRectF(left, top, 10, height), bar)
        painter.setPen(QColor(theme.ON_PICTURE))
        painter.drawText(QPointF(left + 15, top + metrics.ascent()), legend.high)
        painter.drawText(QPointF(left + 15, top + height), legend.low)

    def _draw_ends(self, painter: QPainter) -> None:
        if self.ends is None:
            return
        metrics = painter.fontMetrics()
        first, last = self.ends
        wide, tall = metrics.horizontalAdvance(last) + 8, metrics.height()
        right = self.width() - wide - 4.0
        bottom = self.height() - tall - 4.0
        start = QPointF(4.0 if self.sideways else right, 4.0)
        end = QPointF(right, 4.0) if self.sideways else QPointF(right, bottom)
        for text, corner in ((first, start), (last, end)):
            painter.fillRect(QRectF(corner.x(), corner.y(), wide, tall), QColor(0, 0, 0, 130))
            painter.setPen(QColor(theme.ON_PICTURE))
            painter.drawText(QPointF(corner.x() + 4, corner.y() + metrics.ascent()), text)


def nice_length_um(longest_um: float) -> float:
    """The largest of 1, 2, 5 · 10ⁿ µm that is not longer than ``longest_um``."""
    fitting = [length for length in NICE_LENGTHS_UM if length <= longest_um]
    return fitting[-1] if fitting else NICE_LENGTHS_UM[0]
