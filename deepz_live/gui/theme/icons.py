"""Icons of this package: drawn when they are shown, in the colour that their meaning has then."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from PyQt6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

from deepz_live.gui.theme.colours import Colours, colours


def icon(name: str, colour: str = "ink") -> QIcon:
    """An icon of this package; read from package data, no network.

    ``colour`` is the name of one of :class:`Colours`, which the icon then follows from theme to
    theme, or a colour as Qt writes it.

    Raises
    ------
    FileNotFoundError
        There is no icon of that name.
    """
    drawing(name)
    return QIcon(_Engine(name, colour))


@lru_cache(maxsize=256)
def drawing(name: str) -> str:
    """The SVG called ``name``, with ``currentColor`` for ink."""
    path = files("deepz_live.gui").joinpath("icons", f"{name}.svg")
    return path.read_text(encoding="utf-8")


class _Engine(QIconEngine):
    """Draws at any size and resolution, so that 200 % is as sharp as 100 %."""

    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name, self._colour = name, colour

    def paint(
        self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, _state: QIcon.State
    ) -> None:
        """Draw into ``rect``."""
        if painter is not None:
            colour = "ink_off" if mode is QIcon.Mode.Disabled else self._colour
            svg = drawing(self._name).replace("currentColor", _value(colour))
            QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """A picture of ``size`` pixels."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        """Another one that draws the same."""
        return _Engine(self._name, self._colour)


def _value(colour: str) -> str:
    if colour in Colours.__dataclass_fields__:
        return str(getattr(colours(), colour))
    return QColor(colour).name()
