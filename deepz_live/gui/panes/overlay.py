"""Lines, rings and labels over a picture, in pixel coordinates of the frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

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
    """Draw many circles: one of each group is drawn, the others are copies of it.

    Their places are worked out from two, for a view is linear.
    """
    if not groups:
        return
    zero, far = canvas.spot(0, 0), canvas.spot(FAR_PX, FAR_PX)
    across, down = (far.x() - zero.x()) / FAR_PX, (far.y() - zero.y()) / FAR_PX
    device = painter.device()
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    for rings in groups:
        radius = max(rings.radius_px * min(across, down), LEAST_RING)
        one, half = _ring(rings, radius, ratio)
        for y, x in rings.centres:
            spot = QPointF(zero.x() + x * across, zero.y() + y * down)
            painter.drawPixmap(spot - half, one)
        if rings.label and rings.centres:
            y, x = rings.centres[0]
            beside = QPointF(zero.x() + x * across + radius, zero.y() + y * down - radius)
            painter.setPen(QColor(rings.colour))
            _label(painter, beside, rings.label)


def _ring(rings: Rings, radius: float, ratio: float) -> tuple[QPixmap, QPointF]:
    """A picture of one circle on nothing, and where its middle lies in it."""
    side = math.ceil(2 * radius + rings.width) + 2
    picture = QPixmap(math.ceil(side * ratio), math.ceil(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(0, 0, 0, 0))
    half = QPointF(side / 2, side / 2)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(rings.opacity)
    painter.setPen(QPen(QColor(rings.colour), rings.width))
    painter.drawEllipse(half, radius, radius)
    painter.end()
    return picture, half


def _label(painter: QPainter, spot: QPointF, text: str) -> None:
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(text) + 8, metrics.height()
    room = painter.viewport()  # a label at the rim stays readable
    left = min(spot.x() + 4, room.width() - width - 1.0)
    box = QRectF(left, max(spot.y() - height - 2, 0.0), width, height)
    painter.fillRect(box, QColor(0, 0, 0, 150))
    painter.drawText(QPointF(box.left() + 4, box.bottom() - metrics.descent()), text)
