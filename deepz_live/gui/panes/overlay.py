"""Lines, rings and labels over a picture, in pixel coordinates of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from deepz_live.gui import theme


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline ``((y, x), …)`` in pixels, with a label at its middle; one point is a cross."""

    points: tuple[tuple[float, float], ...]
    label: str = ""
    colour: str = theme.CAUTION


@dataclass(frozen=True, slots=True)
class Rings:
    """Circles around ``((y, x), …)`` in pixels, all alike; ``label`` stands beside the first.

    Attributes
    ----------
    radius_px
        Of the frame's pixels; on the screen never less than :data:`LEAST_RING`.
    width, opacity
        Of the line: screen pixels, 0 … 1.
    """

    centres: tuple[tuple[float, float], ...]
    radius_px: float
    colour: str
    width: float = 1.4
    opacity: float = 1.0
    label: str = ""


LEAST_RING = 4.0
FAR_PX = 10_000
"""A place whose rounding on the screen is a ten-thousandth of a pixel's."""


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
            _label(painter, spots[len(spots) // 2], line.label)


def paint_rings(painter: QPainter, canvas: ToScreen, groups: Sequence[Rings]) -> None:
    """Draw many circles at once: their places are worked out from two, for a view is linear."""
    if not groups:
        return
    zero, far = canvas.spot(0, 0), canvas.spot(FAR_PX, FAR_PX)
    across, down = (far.x() - zero.x()) / FAR_PX, (far.y() - zero.y()) / FAR_PX
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for rings in groups:
        radius = max(rings.radius_px * min(across, down), LEAST_RING)
        path = QPainterPath()
        for y, x in rings.centres:
            spot = QPointF(zero.x() + x * across, zero.y() + y * down)
            path.addEllipse(spot, radius, radius)
        painter.setOpacity(rings.opacity)
        painter.setPen(QPen(QColor(rings.colour), rings.width))
        painter.drawPath(path)
        painter.setOpacity(1.0)
        if rings.label and rings.centres:
            y, x = rings.centres[0]
            beside = QPointF(zero.x() + x * across + radius, zero.y() + y * down - radius)
            _label(painter, beside, rings.label)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _label(painter: QPainter, spot: QPointF, text: str) -> None:
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(text) + 8, metrics.height()
    room = painter.viewport()  # a label at the rim stays readable
    left = min(spot.x() + 4, room.width() - width - 1.0)
    box = QRectF(left, max(spot.y() - height - 2, 0.0), width, height)
    painter.fillRect(box, QColor(0, 0, 0, 150))
    painter.drawText(QPointF(box.left() + 4, box.bottom() - metrics.descent()), text)
