"""The look of the window: palette, style sheet and font of a theme, put on while it lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files

from PyQt6.QtCore import QEvent, QObject
from PyQt6.QtGui import QColor, QFont, QPalette
from PyQt6.QtWidgets import QApplication, QMainWindow, QWidget

from deepz_live.gui.theme.colours import Colours, ThemeName, colours, theme_name, wear

CHANGED = (
    QEvent.Type.ApplicationPaletteChange,
    QEvent.Type.PaletteChange,
    QEvent.Type.StyleChange,
)
TEXT_PX = 12

_DRESSED = "deepz_dressed"
_WORN = "deepz_worn"


def apply_theme(app: QApplication, name: ThemeName | None = None) -> None:
    """Give the application palette, style sheet and a plain font; ``None`` keeps its theme.

    What is on the screen changes at once.
    """
    for _ in theme_change(app, name):
        pass


def theme_change(app: QApplication, name: ThemeName | None = None) -> Iterator[QWidget | None]:
    """:func:`apply_theme` in steps: the palette, then parts of windows; what is seen comes first.

    A sheet of the whole application would be put on all of its widgets in one go, which takes
    longer than a window may keep its operator waiting. Yields each part that has changed.
    """
    wear(name or theme_name())
    if app.property(_DRESSED) is None:
        app.setProperty(_DRESSED, True)
        app.setStyle("Fusion")
        font = QFont(app.font())
        font.setPixelSize(TEXT_PX)
        app.setFont(font)
    app.setPalette(palette_of(colours()))
    yield None
    while (part := next(_undressed(), None)) is not None:
        dress(part)
        yield part


def dress(part: QWidget) -> None:
    """Put the style sheet of the theme on a part of a window (or on a window without parts)."""
    if part.property(_WORN) != theme_name():
        part.setProperty(_WORN, theme_name())
        part.setStyleSheet("")  # much quicker than from one sheet to the next
        part.setStyleSheet(style_sheet(colours()))


def parts_of(window: QWidget) -> list[QWidget]:
    """What of a window is dressed by itself: toolbar, panes, panels and dialogs of a main window;
    of others the window as a whole."""
    if not isinstance(window, QMainWindow):
        return [window]
    return [child for child in window.children() if isinstance(child, QWidget)]


def _undressed() -> Iterator[QWidget]:
    """Parts in the other theme, or in none; those that are seen come first."""
    windows = [top for top in QApplication.topLevelWidgets() if top.parentWidget() is None]
    parts = [part for window in windows for part in parts_of(window)]
    left = [part for part in parts if part.property(_WORN) != theme_name()]
    yield from sorted(left, key=lambda part: not part.isVisible())


def follow(widget: QWidget, dress: Callable[[], None]) -> None:
    """Call ``dress`` now, and again whenever the theme changes while ``widget`` lives.

    For colours that neither palette nor style sheet brings, such as the pens of a plot.
    """
    _Follower(widget, dress)
    dress()


class _Follower(QObject):
    def __init__(self, widget: QWidget, dress: Callable[[], None]) -> None:
        super().__init__(widget)
        self._dress = dress
        self._worn = theme_name()
        widget.installEventFilter(self)

    def eventFilter(self, _: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if event is not None and event.type() in CHANGED and self._worn != theme_name():
            self._worn = theme_name()
            self._dress()
        return False


def set_role(widget: QWidget, role: str) -> None:
    """Give a label the colour of its meaning: ``""``, ``dim``, ``off``, ``knob``, ``step``,
    ``good``, ``caution``, ``alarm``, ``drift_z`` …"""
    set_look(widget, "role", role)


def set_look(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)


def palette_of(c: Colours) -> QPalette:
    """What widgets without a rule of their own are painted with."""
    role = QPalette.ColorRole
    palette = QPalette()
    table = {
        role.Window: c.window,
        role.Base: c.field,
        role.AlternateBase: c.panel,
        role.Button: c.panel,
        role.ToolTipBase: c.panel,
        role.Highlight: c.chosen,
        role.WindowText: c.ink,
        role.Text: c.ink,
        role.ButtonText: c.ink,
        role.ToolTipText: c.ink,
        role.BrightText: c.ink,
        role.HighlightedText: c.ink,
        role.PlaceholderText: c.ink_off,
        role.Link: c.knob,
        role.Light: c.line,
        role.Mid: c.line,
        role.Dark: c.field,
        role.Shadow: "#000000",
    }
    for name, colour in table.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(c.ink_off))
    return palette


def style_sheet(c: Colours) -> str:
    """The rules for all widgets; style sheets take pictures from files alone."""
    pictures = str(files("deepz_live.gui").joinpath("icons")).replace("\\", "/")
    ending = "" if theme_name() == "dark" else "_light"
    return f"""
QToolTip {{ background: {c.panel}; color: {c.ink}; border: 1px solid {c.line}; padding: 3px; }}
QMenuBar, QMenu {{ background: {c.panel}; color: {c.ink}; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {c.line}; }}
QMenu {{ border: 1px solid {c.line}; }}
QMenu::separator {{ height: 1px; background: {c.line}; margin: 4px 8px; }}
QToolBar {{ background: {c.panel}; border: 0; border-bottom: 1px solid {c.line}; spacing: 4px;
            padding: 3px 6px; }}
QToolBar::separator {{ width: 1px; background: {c.line}; margin: 4px 6px; }}
QToolButton, QPushButton {{ background: transparent; color: {c.ink}; border: 1px solid transparent;
    border-radius: 4px; padding: 4px 8px; }}
QPushButton {{ background: {c.panel}; border-color: {c.line}; }}
QToolButton:hover, QPushButton:hover {{ background: {c.line}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {c.field}; }}
QToolButton:checked, QPushButton:checked {{ background: {c.line}; border-color: {c.ink_dim}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {c.ink_off}; }}
QToolButton:focus, QPushButton:focus {{ border-color: {c.ink_dim}; }}
QToolButton#qt_toolbar_ext_button {{ image: url({pictures}/more{ending}.svg); padding: 2px;
    width: 20px; }}
QPushButton[recording="true"], QToolButton[recording="true"] {{ border-color: {c.alarm};
    color: {c.alarm}; }}
QStatusBar {{ background: {c.panel}; border-top: 1px solid {c.line}; color: {c.ink_dim}; }}
QStatusBar::item {{ border: 0; }}
QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{ background: {c.field}; color: {c.ink};
    border: 1px solid {c.line}; border-radius: 3px; padding: 2px 6px; min-height: 20px; }}
QSpinBox, QDoubleSpinBox {{ padding-right: 18px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ subcontrol-origin: border;
    width: 18px; border: 0; background: transparent; }}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; }}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{
    background: {c.line}; }}
QAbstractSpinBox::up-arrow {{ image: url({pictures}/arrow_up{ending}.svg); width: 12px;
    height: 12px; }}
QAbstractSpinBox::down-arrow {{ image: url({pictures}/arrow_down{ending}.svg); width: 12px;
    height: 12px; }}
QComboBox QAbstractItemView {{ background: {c.panel}; color: {c.ink};
    selection-background-color: {c.line}; }}
QComboBox::drop-down {{ border: 0; width: 18px; }}
QComboBox::down-arrow {{ image: url({pictures}/arrow_down{ending}.svg); width: 12px;
    height: 12px; }}
QCheckBox::indicator, QAbstractItemView::indicator {{ width: 13px; height: 13px;
    border: 1px solid {c.ink_dim}; border-radius: 2px; background: {c.field}; }}
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {{
    image: url({pictures}/tick{ending}.svg); }}
QProgressBar {{ background: {c.field}; color: {c.ink}; border: 1px solid {c.line};
    border-radius: 3px; text-align: center; min-height: 18px; }}
QProgressBar::chunk {{ background: {c.bar}; }}
QSlider::groove:horizontal {{ height: 4px; background: {c.line}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {c.ink_dim}; width: 12px; margin: -5px 0;
    border-radius: 6px; }}
QSlider::handle:horizontal:disabled {{ background: {c.ink_off}; }}
QGroupBox {{ border: 1px solid {c.line}; border-radius: 4px; margin-top: 9px; padding-top: 8px; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; padding: 0 4px; color: {c.ink_dim}; }}
QLabel[role="dim"] {{ color: {c.ink_dim}; }}
QLabel[role="alarm"] {{ color: {c.alarm}; font-weight: bold; }}
QLabel[role="caution"] {{ color: {c.caution}; }}
QLabel[role="knob"] {{ color: {c.knob}; }}
QLabel[role="title"] {{ font-weight: bold; }}
QLabel[level="good"] {{ color: {c.good}; }}
QLabel[level="caution"] {{ color: {c.caution}; }}
QLabel[level="alarm"] {{ color: {c.alarm}; }}
QGraphicsView {{ border: 1px solid transparent; }}
QGraphicsView[selected="true"] {{ border-color: {c.knob}; }}
QFrame#tour {{ background: {c.panel}; border: 2px solid {c.knob}; border-radius: 6px; }}
QLabel[role="good"] {{ color: {c.good}; }}
QLabel[role="drift_z"] {{ color: {c.knob}; }}
QLabel[role="drift_y"] {{ color: {c.drift_y}; }}
QLabel[role="drift_x"] {{ color: {c.drift_x}; }}
QLabel[role="off"] {{ color: {c.ink_off}; }}
QLabel[role="step"] {{ color: {c.knob}; font-weight: bold; }}
QDockWidget {{ color: {c.ink}; titlebar-close-icon: url({pictures}/dock_close{ending}.svg);
    titlebar-normal-icon: url({pictures}/dock_float{ending}.svg); }}
QDockWidget::title {{ background: {c.panel}; border: 1px solid {c.line}; padding: 4px 8px;
    text-align: left; }}
QDockWidget::close-button, QDockWidget::float-button {{ border: 0; padding: 0; }}
QDockWidget::close-button:hover, QDockWidget::float-button:hover {{ background: {c.line}; }}
QTabBar::tab {{ background: {c.panel}; color: {c.ink_dim}; border: 1px solid {c.line};
    padding: 4px 10px; }}
QTabBar::tab:selected {{ color: {c.ink}; background: {c.window}; }}
QTabWidget::pane {{ border: 1px solid {c.line}; }}
QListWidget, QPlainTextEdit, QTableWidget, QTreeWidget, QTableView, QTreeView {{
    background: {c.field}; color: {c.ink}; border: 1px solid {c.line};
    selection-background-color: {c.chosen}; selection-color: {c.ink}; }}
QHeaderView::section {{ background: {c.panel}; color: {c.ink_dim}; border: 0;
    border-bottom: 1px solid {c.line}; padding: 3px 6px; }}
QFrame#banner[level="error"] {{ background: {c.panel}; border: 1px solid {c.alarm}; }}
QFrame#banner[level="warning"] {{ background: {c.panel}; border: 1px solid {c.caution}; }}
"""
