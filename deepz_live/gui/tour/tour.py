"""The tour: a card beside the widget it speaks of, which is framed. Nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject, QPoint, QRect, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.tour.steps import Step

WIDTH_PX = 330
GAP_PX = 12
MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.LayoutRequest)


class Tour(QFrame):
    """Walks through ``steps``; the window can be used all the while.

    Parameters
    ----------
    target
        The widget of a step, or None where the window lacks it: the card then stands in the
        middle.
    """

    ended = pyqtSignal()
    """It was walked to its end, or skipped."""

    def __init__(
        self,
        window: QMainWindow,
        steps: tuple[Step, ...],
        target: Callable[[Step], QWidget | None],
    ) -> None:
        super().__init__(window)
        self.setObjectName("tour")
        self._window, self._steps, self._find = window, steps, target
        self._number = 0
        self._target: QWidget | None = None
        self.ring = _Ring(window)
        self._title, self._text, self._count = QLabel(), QLabel(), QLabel()
        self.back = QPushButton("Back")
        self.next = QPushButton("Next")
        self.skip = QPushButton("Skip")
        self._lay_out()
        self.back.clicked.connect(lambda: self.go(self._number - 1))
        self.next.clicked.connect(lambda: self.go(self._number + 1))
        self.skip.clicked.connect(self.end)
        window.installEventFilter(self)
        self.go(0)
        self.show()

    @property
    def number(self) -> int:
        """The present step, from 0."""
        return self._number

    @property
    def target(self) -> QWidget | None:
        """The widget that is pointed at."""
        return self._target

    @property
    def text(self) -> str:
        """Title and text of the present step."""
        return f"{self._title.text()}\n{self._text.text()}"

    def go(self, number: int) -> None:
        """Show a step; past the last one the tour ends."""
        if number >= len(self._steps):
            self.end()
            return
        self._number = max(0, number)
        step = self._steps[self._number]
        self._title.setText(step.title)
        self._text.setText(step.text)
        self._count.setText(f"{self._number + 1} of {len(self._steps)}")
        self.back.setEnabled(self._number > 0)
        self.next.setText("Done" if self._number == len(self._steps) - 1 else "Next")
        self._aim()

    def end(self) -> None:
        """Take the card away; harmless when repeated."""
        if self.isHidden() and self.ring.isHidden():
            return
        self._window.removeEventFilter(self)
        self.hide()
        self.ring.hide()
        self.ended.emit()
        self.ring.deleteLater()
        self.deleteLater()

    def eventFilter(self, _: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """The card goes along when the window changes."""
        if event is not None and event.type() in MOVES:
            self._place()
        return False

    def _aim(self) -> None:
        self._target = self._find(self._steps[self._number])
        self.adjustSize()
        self._place()
        self.raise_()

    def _place(self) -> None:
        around = self._window.rect()
        self.resize(WIDTH_PX, self.heightForWidth(WIDTH_PX))
        target = self._target
        if target is None or not target.isVisible():
            self.ring.hide()
            self.move(around.center() - self.rect().center())
            return
        spot = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size())
        self.ring.setGeometry(spot.adjusted(-4, -4, 4, 4))
        self.ring.show()
        self.ring.raise_()
        self.move(beside(spot, self.rect(), around))
        self.raise_()

    def _lay_out(self) -> None:
        self.setStyleSheet("")
        theme.set_role(self._title, "step")
        theme.set_role(self._count, "dim")
        self._text.setWordWrap(True)
        self.skip.setToolTip("End the tour; it is in the Help menu")
        self.back.setToolTip("The step before")
        self.next.setToolTip("The next step")
        buttons = QHBoxLayout()
        buttons.addWidget(self._count)
        buttons.addStretch(1)
        for button in (self.skip, self.back, self.next):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the window
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addLayout(buttons)


class _Ring(QWidget):
    """A frame around a widget, through which the mouse goes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Two lines in the colour of the knob."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(theme.KNOB), 3))
        painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), 5, 5)
        painter.end()


def beside(spot: QRect, card: QRect, around: QRect) -> QPoint:
    """Where a card stands so that it hides little of ``spot`` and stays inside ``around``."""
    width, height = card.width(), card.height()
    places = (
        QPoint(spot.right() + GAP_PX, spot.top()),
        QPoint(spot.left() - GAP_PX - width, spot.top()),
        QPoint(spot.left(), spot.bottom() + GAP_PX),
        QPoint(spot.left(), spot.top() - GAP_PX - height),
    )
    for place in places:
        if around.contains(QRect(place, card.size())):
            return place
    left = min(max(spot.left() + GAP_PX, 0), max(0, around.width() - width))
    top = min(max(spot.top() + GAP_PX, 0), max(0, around.height() - height))
    return QPoint(left, top)
