"""Lines and labels over a picture, in pixel coordinates of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from deepz_live.gui import theme


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline ``((y, x), …)`` in pixels, with a label at its middle; one point is a cross."""

    points: tuple[tuple[float, float], ...]
    label: str = ""
    colour: str = theme.CAUTION


class ToScreen(Protocol):
    """From pixels ``(y, x)`` of the frame to a point of the widget; a canvas is one."""

    def spot(self, y: float, x: float) -> QPointF:
        """Where pixel coordinates lie on the widget."""


def paint_lines(painter: QPainter, canvas: ToScreen, lines: Sequence[Line]) -> None:
    """Draw ``lines`` over the picture, their labels on a dark ground."""
    for line in lines:
        spots = [canvas.spot(y, x) for y, x in line.points]
        if not spots:
            continue
        painter.setPen(QPen(QColor(line.colour), 1.4))
        if len(spots) == 1:
            (spot,) = spots
            painter.drawLine(spot + QPointF(-6, 0), spot + QPointF(6, 0))
            painter.drawLine(spot + QPointF(0, -6), spot + QPointF(0, 6))
        else:
            painter.drawPolyline(QPolygonF(spots))
        if line.label:
            _label(painter, spots[len(spots) // 2], line)


def _label(painter: QPainter, spot: QPointF, line: Line) -> None:
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(line.label) + 8, metrics.height()
    room = painter.viewport()  # a label at the rim stays readable
    left = min(spot.x() + 4, room.width() - width - 1.0)
    box = QRectF(left, max(spot.y() - height - 2, 0.0), width, height)
    painter.fillRect(box, QColor(0, 0, 0, 150))
    painter.drawText(QPointF(box.left() + 4, box.bottom() - metrics.descent()), line.label)
