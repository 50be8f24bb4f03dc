"""The slider of a replay, with its markers and the stretch from A to B painted on it."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PyQt6.QtWidgets import QSlider, QStyle, QToolTip, QWidget

from deepz_live.gui import theme

HANDLE_PX = 12
NEAR_PX = 5


class Timeline(QSlider):
    """Frames from left to right; a click goes there at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setMinimumHeight(26)
        self._marks: tuple[tuple[int, str], ...] = ()
        self._span: tuple[int, int] | None = None

    @property
    def marks(self) -> tuple[tuple[int, str], ...]:
        """Frames with a marker, and their texts."""
        return self._marks

    @property
    def span(self) -> tuple[int, int] | None:
        """The stretch from A to B that is painted; None: all."""
        return self._span

    def set_marks(self, marks: tuple[tuple[int, str], ...]) -> None:
        """Frames with a marker, and their texts."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def set_span(self, span: tuple[int, int] | None) -> None:
        """Paint the stretch from A to B; None: nothing."""
        if span != self._span:
            self._span = span
            self.update()

    def place_of(self, frame: int) -> float:
        """Where a frame lies, in pixels from the left."""
        span = self.width() - HANDLE_PX
        offset = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), frame, span)
        return offset + HANDLE_PX / 2

    def frame_at(self, x: float) -> int:
        """The frame at a place."""
        span = self.width() - HANDLE_PX
        offset = round(x - HANDLE_PX / 2)
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), offset, span)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """The stretch below the slider, markers over it."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._span is not None:
            left, right = (self.place_of(end) for end in self._span)
            middle = self.height() / 2
            painter.fillRect(QRectF(left, middle + 5, right - left, 3), QColor(theme.KNOB))
            for x in (left, right):
                painter.fillRect(QRectF(x - 1, middle - 8, 2, 16), QColor(theme.KNOB))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.CAUTION))
        for frame, _ in self._marks:
            x = self.place_of(frame)
            corners = [QPointF(x - 4, 0), QPointF(x + 4, 0), QPointF(x, 8)]
            painter.drawPolygon(QPolygonF(corners))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Go where it was clicked; then it can be dragged on."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.setValue(self.frame_at(event.position().x()))
        super().mousePressEvent(event)

    def event(self, event: object) -> bool:
        """The text of a marker under the mouse."""
        if isinstance(event, QHelpEvent):
            x = event.position().x() if hasattr(event, "position") else event.pos().x()
            near = [text for frame, text in self._marks if abs(self.place_of(frame) - x) < NEAR_PX]
            QToolTip.showText(event.globalPos(), "\n".join(text or "marker" for text in near), self)
            return True
        return super().event(event)  # type: ignore[arg-type]
