"""One image pane: title line, picture, scale bar, linked cursor. It only shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from deepz_live.gui import theme

NICE_LENGTHS_UM = tuple(m * 10.0**e for e in range(-2, 5) for m in (1, 2, 5))
WHEEL_STEP = 120


class Pane(QFrame):
    """A picture in pixel coordinates: pixel ``(y, x)`` covers ``x … x + 1``, ``y … y + 1``."""

    moved = pyqtSignal(QRectF)
    """Zoomed or panned by hand; the rectangle of pixels that is in view now."""
    resized = pyqtSignal()
    fit_wanted = pyqtSignal()
    hovered = pyqtSignal(object)
    """``(y, x)`` in pixels under the mouse, or None when it left."""
    wheel_turned = pyqtSignal(int)
    """Notches of the wheel, only where :attr:`wheel_is_knob`."""

    def __init__(self, *, colour: str = theme.INK, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wheel_is_knob = False
        self._title = QLabel()
        self._title.setStyleSheet(f"color: {colour}; font-weight: bold;")
        self._side = QLabel()
        theme.set_role(self._side, "dim")
        self._canvas = _Canvas(self)
        head = QHBoxLayout()
        head.setContentsMargins(4, 0, 4, 0)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(head)
        column.addWidget(self._canvas, 1)
        self._rect = QRectF(0, 0, 1, 1)

    @property
    def title(self) -> str:
        """What the pane says it shows."""
        return self._title.text()

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
    def view_rect(self) -> QRectF:
        """The rectangle of pixels in view."""
        return QRectF(self._canvas.box.viewRect())

    @property
    def wanted_rect(self) -> QRectF:
        """The rectangle that was asked for; the pane may be wider or higher."""
        return QRectF(self._rect)

    @property
    def screen_px(self) -> float:
        """Width of the picture on the screen."""
        return float(self._canvas.width()) * float(self._canvas.devicePixelRatioF())

    def set_title(self, text: str, side: str = "") -> None:
        """The name of the pane, and small to the right the levels."""
        if self._title.text() != text:
            self._title.setText(text)
        if self._side.text() != side:
            self._side.setText(side)

    def set_picture(self, screen: NDArray[np.uint8], rect: QRectF) -> None:
        """Show ``(Y, X)`` grey values over the pixels ``rect``."""
        self._canvas.note = ""
        self._canvas.item.setImage(screen, autoLevels=False, levels=None)
        self._canvas.item.setRect(rect)

    def set_note(self, sentence: str) -> None:
        """Say why there is no picture."""
        if self._canvas.note != sentence:
            self._canvas.note = sentence
            self._canvas.item.clear()
            self._canvas.redraw()

    def set_colours(self, table: NDArray[np.uint8]) -> None:
        """Colour table ``(256, 3)`` for the grey values."""
        self._canvas.item.setLookupTable(table)

    def set_pixel_size(self, pixel_size_um: float) -> None:
        """For the scale bar; 0 hides it."""
        self._canvas.pixel_size_um = pixel_size_um
        self._canvas.redraw()

    def set_cursor(self, at: tuple[float, float] | None) -> None:
        """Mark the pixel ``(y, x)`` that the mouse is on in another pane."""
        if self._canvas.cursor_at != at:
            self._canvas.cursor_at = at
            self._canvas.redraw()

    def show_rect(self, rect: QRectF) -> None:
        """Bring the pixels ``rect`` into view."""
        self._rect = QRectF(rect)
        self._canvas.box.setRange(rect=self._rect, padding=0, disableAutoRange=True)
        self._canvas.redraw()

    def take_rect(self, rect: QRectF) -> None:
        """The hand has moved the view to ``rect``."""
        self._rect = rect
        self.moved.emit(rect)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Keep in view what was in view."""
        super().resizeEvent(event)
        self.show_rect(self._rect)
        self.resized.emit()


class _Canvas(pg.GraphicsView):  # type: ignore[misc]
    """The picture itself, with what is painted over it in screen coordinates."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(background=theme.FIELD)
        self._pane = pane
        self.note = ""
        self.pixel_size_um = 0.0
        self.cursor_at: tuple[float, float] | None = None
        self.box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
        self.box.setBackgroundColor(theme.FIELD)
        self.item = pg.ImageItem(axisOrder="row-major")
        self.box.addItem(self.item)
        self.setCentralItem(self.box)
        self.setMinimumSize(120, 120)
        self.box.sigRangeChangedManually.connect(self._moved)

    def redraw(self) -> None:
        """Paint again what lies over the picture."""
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def drawForeground(self, painter: QPainter | None, _rect: QRectF) -> None:  # noqa: N802
        """Cursor, scale bar and note, in screen pixels."""
        if painter is None:
            return
        painter.save()
        painter.resetTransform()
        if self.note:
            self._draw_note(painter)
        else:
            self._draw_cursor(painter)
            self._draw_scale_bar(painter)
        painter.restore()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Turn the knob where the pane is the knob's, else zoom; Ctrl always zooms."""
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self._pane.wheel_is_knob and not control:
            delta = event.angleDelta().y()
            self._pane.wheel_turned.emit(
                max(1, abs(delta) // WHEEL_STEP) * (1 if delta > 0 else -1)
            )
            event.accept()
            return
        super().wheelEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tell the others where the mouse is."""
        super().mouseMoveEvent(event)
        at = self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))
        self._pane.hovered.emit((at.y(), at.x()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A double click shows the whole field again."""
        event.accept()
        self._pane.fit_wanted.emit()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """The mouse is nowhere now."""
        super().leaveEvent(event)
        self._pane.hovered.emit(None)

    def _moved(self, *_: Any) -> None:
        self._pane.take_rect(QRectF(self.box.viewRect()))

    def _draw_note(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.INK_DIM))
        area = QRectF(self.rect()).adjusted(18, 18, -18, -18)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(area, int(flags), self.note)

    def _draw_cursor(self, painter: QPainter) -> None:
        if self.cursor_at is None:
            return
        y, x = self.cursor_at
        at = QPointF(self.mapFromScene(self.box.mapViewToScene(QPointF(x, y))))
        painter.setPen(QPen(QColor(theme.KNOB), 1))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            near, far = QPointF(dx * 5, dy * 5), QPointF(dx * 12, dy * 12)
            painter.drawLine(at + near, at + far)

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
        painter.fillRect(QRectF(left, bottom - 2, length, 3), QColor(theme.INK))
        painter.setPen(QColor(theme.INK))
        painter.drawText(QPointF(left, bottom - 7), text)


def nice_length_um(longest_um: float) -> float:
    """The largest of 1, 2, 5 · 10ⁿ µm that is not longer than ``longest_um``."""
    fitting = [length for length in NICE_LENGTHS_UM if length <= longest_um]
    return fitting[-1] if fitting else NICE_LENGTHS_UM[0]
