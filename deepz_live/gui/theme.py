"""The look of the window: for a dark room, dim, and colour only where it means something."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from PyQt6.QtCore import QByteArray, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QApplication

WINDOW = "#131517"
PANEL = "#1a1d20"
FIELD = "#0d0e10"
LINE = "#2b3035"
INK = "#b4bac0"
INK_DIM = "#757d85"
INK_OFF = "#4a5057"
ALARM = "#e2574c"
"""Red: recording, or a lost frame."""
CAUTION = "#d3a044"
"""Amber: look here, but nothing is lost."""
KNOB = "#62aebd"
"""Cyan: everything that belongs to the depth knob."""
DRIFT_COLOURS = {"z": KNOB, "y": "#b58bd0", "x": "#93b06a"}

_ARROWS = str(files("deepz_live.gui").joinpath("icons")).replace("\\", "/")
"""Style sheets take pictures from files alone."""

_STYLE = f"""
QWidget {{ font-size: 12px; }}
QToolTip {{ background: {PANEL}; color: {INK}; border: 1px solid {LINE}; padding: 3px; }}
QMenuBar, QMenu {{ background: {PANEL}; color: {INK}; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {LINE}; }}
QMenu {{ border: 1px solid {LINE}; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px 8px; }}
QToolBar {{ background: {PANEL}; border: 0; border-bottom: 1px solid {LINE}; spacing: 4px;
            padding: 3px 6px; }}
QToolBar::separator {{ width: 1px; background: {LINE}; margin: 4px 6px; }}
QToolButton, QPushButton {{ background: transparent; color: {INK}; border: 1px solid transparent;
    border-radius: 4px; padding: 4px 8px; }}
QPushButton {{ background: {PANEL}; border-color: {LINE}; }}
QToolButton:hover, QPushButton:hover {{ background: {LINE}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {FIELD}; }}
QToolButton:checked, QPushButton:checked {{ background: {LINE}; border-color: {INK_DIM}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {INK_OFF}; }}
QToolButton:focus, QPushButton:focus {{ border-color: {INK_DIM}; }}
QPushButton[recording="true"], QToolButton[recording="true"] {{ border-color: {ALARM};
    color: {ALARM}; }}
QStatusBar {{ background: {PANEL}; border-top: 1px solid {LINE}; color: {INK_DIM}; }}
QStatusBar::item {{ border: 0; }}
QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{ background: {FIELD}; color: {INK};
    border: 1px solid {LINE}; border-radius: 3px; padding: 2px 6px; min-height: 20px; }}
QSpinBox, QDoubleSpinBox {{ padding-right: 18px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ subcontrol-origin: border;
    width: 18px; border: 0; background: transparent; }}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; }}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {LINE}; }}
QAbstractSpinBox::up-arrow {{ image: url({_ARROWS}/arrow_up.svg); width: 12px; height: 12px; }}
QAbstractSpinBox::down-arrow {{ image: url({_ARROWS}/arrow_down.svg); width: 12px;
    height: 12px; }}
QComboBox QAbstractItemView {{ background: {PANEL}; color: {INK};
    selection-background-color: {LINE}; }}
QCheckBox::indicator, QAbstractItemView::indicator {{ width: 13px; height: 13px;
    border: 1px solid {INK_DIM}; border-radius: 2px; background: {FIELD}; }}
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {{
    image: url({_ARROWS}/tick.svg); }}
QProgressBar {{ background: {FIELD}; color: {INK}; border: 1px solid {LINE}; border-radius: 3px;
    text-align: center; min-height: 18px; }}
QProgressBar::chunk {{ background: #35535a; }}
QSlider::groove:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {INK_DIM}; width: 12px; margin: -5px 0;
    border-radius: 6px; }}
QSlider::handle:horizontal:disabled {{ background: {INK_OFF}; }}
QGroupBox {{ border: 1px solid {LINE}; border-radius: 4px; margin-top: 9px; padding-top: 8px; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; padding: 0 4px; color: {INK_DIM}; }}
QLabel[role="dim"] {{ color: {INK_DIM}; }}
QLabel[role="alarm"] {{ color: {ALARM}; font-weight: bold; }}
QLabel[role="caution"] {{ color: {CAUTION}; }}
QLabel[role="knob"] {{ color: {KNOB}; }}
"""


def apply_theme(app: QApplication) -> None:
    """Give the application the dark palette, the style sheet and a plain font."""
    app.setStyle("Fusion")
    app.setPalette(dark_palette())
    font = QFont(app.font())
    font.setPointSizeF(9.5)
    app.setFont(font)
    app.setStyleSheet(_STYLE)


def dark_palette() -> QPalette:
    """Grey on near black; nothing in it is brighter than the ink."""
    role = QPalette.ColorRole
    palette = QPalette()
    colours = {
        role.Window: WINDOW,
        role.Base: FIELD,
        role.AlternateBase: PANEL,
        role.Button: PANEL,
        role.ToolTipBase: PANEL,
        role.Highlight: "#33474c",
        role.WindowText: INK,
        role.Text: INK,
        role.ButtonText: INK,
        role.ToolTipText: INK,
        role.BrightText: INK,
        role.HighlightedText: INK,
        role.PlaceholderText: INK_OFF,
        role.Link: KNOB,
        role.Light: LINE,
        role.Mid: LINE,
        role.Dark: FIELD,
        role.Shadow: "#000000",
    }
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(INK_OFF))
    return palette


@lru_cache(maxsize=128)
def icon(name: str, colour: str = INK) -> QIcon:
    """An icon of this package, drawn in ``colour``; read from package data, no network.

    Raises
    ------
    FileNotFoundError
        There is no icon of that name.
    """
    path = files("deepz_live.gui").joinpath("icons", f"{name}.svg")
    text = path.read_text(encoding="utf-8")
    result = QIcon()
    result.addPixmap(_draw(text, colour), QIcon.Mode.Normal)
    result.addPixmap(_draw(text, INK_OFF), QIcon.Mode.Disabled)
    return result


def _draw(svg: str, colour: str, side: int = 48) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", colour).encode()))
    pixmap = QPixmap(QSize(side, side))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap


def set_role(widget: object, role: str) -> None:
    """Give a label the colour of its meaning: ``""``, ``dim``, ``knob``, ``caution``, ``alarm``."""
    from PyQt6.QtWidgets import QWidget

    if not isinstance(widget, QWidget) or widget.property("role") == role:
        return
    widget.setProperty("role", role)
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)
