"""The depth knob: a ruler in µm that says where the selected plane and the others lie."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import (
    QAbstractSlider,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QWidget,
)

from deepz_live.app.depths import RULER_UM
from deepz_live.gui import theme

STEPS_PER_UM = 10
MARGIN_PX = 22


class DepthKnob(QFrame):
    """Ruler and number; emits what the hand did, shows what it is told."""

    turned = pyqtSignal(float)
    """The depth in µm that the operator asks for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        label = QLabel("Depth of the selected pane")
        theme.set_role(label, "knob")
        self._ruler = _Ruler()
        self._number = QDoubleSpinBox()
        self._number.setDecimals(1)
        self._number.setSingleStep(0.1)
        self._number.setSuffix(" µm")
        self._number.setFixedWidth(96)
        self._number.setKeyboardTracking(False)
        for widget in (self._ruler, self._number):
            widget.setToolTip(
                "Depth of the selected pane, in µm. Drag, arrow keys, or turn the mouse wheel over "
                "any pane with a depth; a double click goes to 0."
            )
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.addWidget(label)
        row.addWidget(self._ruler, 1)
        row.addWidget(self._number)
        self._ruler.valueChanged.connect(lambda value: self._hand(value / STEPS_PER_UM))
        self._number.valueChanged.connect(self._hand)
        self.set_range((0.0, 0.0))

    @property
    def value_um(self) -> float:
        """The depth that is shown."""
        return self._ruler.value() / STEPS_PER_UM

    @property
    def range_um(self) -> tuple[float, float]:
        """What can be dialled."""
        return self._ruler.minimum() / STEPS_PER_UM, self._ruler.maximum() / STEPS_PER_UM

    @property
    def ruler(self) -> QAbstractSlider:
        """The slider itself, for keyboard focus."""
        return self._ruler

    def set_range(self, range_um: tuple[float, float]) -> None:
        """What can be dialled; equal ends switch the knob off. The value is kept inside."""
        low, high = range_um
        with QSignalBlocker(self._ruler), QSignalBlocker(self._number):
            self._ruler.setRange(round(low * STEPS_PER_UM), round(high * STEPS_PER_UM))
            self._number.setRange(low, high)
        self.setEnabled(high > low)
        self._ruler.update()

    def set_value(self, depth_um: float) -> None:
        """Show a depth; what lies outside the range is shown at its end."""
        with QSignalBlocker(self._ruler), QSignalBlocker(self._number):
            self._ruler.setValue(round(depth_um * STEPS_PER_UM))
            self._number.setValue(depth_um)
        self._ruler.update()

    def set_marks(self, distances_um: tuple[float, ...]) -> None:
        """Where the other planes lie."""
        self._ruler.marks_um = distances_um
        self._ruler.update()

    def _hand(self, depth_um: float) -> None:
        self.set_value(depth_um)
        self.turned.emit(self.value_um)


class _Ruler(QAbstractSlider):
    """A slider that shows its scale; in steps of 0.1 µm."""

    def __init__(self) -> None:
        super().__init__()
        self.marks_um: tuple[float, ...] = ()
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setSingleStep(1)
        self.setPageStep(STEPS_PER_UM)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """One line of ruler."""
        return QSize(400, 46)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Jump to where the hand is."""
        self._drag(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Follow the hand."""
        self._drag(event)

    def mouseDoubleClickEvent(self, _event: QMouseEvent | None) -> None:  # noqa: N802
        """Back to the camera's own plane."""
        self.setValue(0)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Ruler, other planes, and the hand of the knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = 17.0
        self._paint_scale(painter, line)
        for mark in self.marks_um:
            x = self._x(mark)
            painter.setPen(QPen(QColor(theme.INK), 2))
            painter.drawLine(QPointF(x, line - 6), QPointF(x, line + 6))
        if self.isEnabled():
            self._paint_hand(painter, line)
        painter.end()

    def _paint_scale(self, painter: QPainter, line: float) -> None:
        low, high = self._ruler_um()
        painter.setPen(QPen(QColor(theme.LINE), 2, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(self._x(low), line), QPointF(self._x(high), line))
        if self.isEnabled():
            painter.setPen(QPen(QColor(theme.INK_DIM), 2))
            ends = self.minimum() / STEPS_PER_UM, self.maximum() / STEPS_PER_UM
            painter.drawLine(QPointF(self._x(ends[0]), line), QPointF(self._x(ends[1]), line))
        for depth in range(int(low), int(high) + 1):
            x = self._x(depth)
            usable = self.minimum() <= depth * STEPS_PER_UM <= self.maximum()
            painter.setPen(QColor(theme.INK_DIM if usable else theme.INK_OFF))
            painter.drawLine(QPointF(x, line), QPointF(x, line + (5 if depth % 5 else 8)))
            if depth % 2 == 0:
                text = "0" if depth == 0 else f"{depth:+d}".replace("-", "\N{MINUS SIGN}")
                box = QRectF(x - 20, line + 10, 40, 16)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_hand(self, painter: QPainter, line: float) -> None:
        x = self._x(self.value() / STEPS_PER_UM)
        painter.setPen(QPen(QColor(theme.KNOB), 3))
        painter.drawLine(QPointF(self._x(0.0), line), QPointF(x, line))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.KNOB))
        tip = [QPointF(x, line - 1), QPointF(x - 7, line - 14), QPointF(x + 7, line - 14)]
        painter.drawPolygon(QPolygonF(tip))
        painter.drawEllipse(QPointF(x, line), 4.0, 4.0)

    def _drag(self, event: QMouseEvent | None) -> None:
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self.setFocus()
            low, high = self._ruler_um()
            share = (event.position().x() - MARGIN_PX) / max(1, self.width() - 2 * MARGIN_PX)
            self.setValue(round((low + share * (high - low)) * STEPS_PER_UM))

    def _ruler_um(self) -> tuple[float, float]:
        """The ruler is always the same, so that a hand learns it."""
        return RULER_UM

    def _x(self, depth_um: float) -> float:
        low, high = self._ruler_um()
        share = (depth_um - low) / (high - low)
        return MARGIN_PX + share * (self.width() - 2 * MARGIN_PX)
