"""Device widgets of pymmcore-widgets for the open microscope, with icons that need no network."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent, QColor
from PyQt6.QtWidgets import (
    QDialog,
    QLabel,
    QPushButton,
    QTableWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.wizard.core_view import CoreView
from deepz_live.gui.wizard.desk import ScopeFacts
from deepz_live.gui.wizard.offline_icons import draw_icons_here

BRIGHT = 120
"""Lightness (0 … 255) above which a table cell hurts in a dark room."""


def prepare() -> None:
    """Import the device widgets, which takes seconds; called beside the GUI thread."""
    draw_icons_here()
    import_module("pymmcore_widgets")


class DevicesDialog(QDialog):
    """Channels and presets, exposure, stages, and every property; after :func:`prepare`.

    All of them speak to ``scope.core``; the limits of the profile hold for them as well.
    """

    def __init__(self, scope: ScopeFacts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Devices of {scope.name}")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 520)
        self._core = CoreView(scope.core)
        self.tabs = QTabWidget()
        self.tabs.addTab(_presets(self._core), "Presets")
        self.tabs.addTab(_light_and_stages(self._core), "Exposure and stages")
        self.tabs.addTab(_properties(self._core), "All properties")
        column = QVBoxLayout(self)
        column.addWidget(self.tabs)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """No device speaks to widgets that are going."""
        self._core.events.close()
        super().closeEvent(event)


def run_hardware_wizard(
    parent: QWidget, written: Callable[[Path], None], failed: Callable[[Exception], None]
) -> None:
    """Micro-Manager's hardware configuration; ``written`` gets the ``.cfg``.

    After :func:`prepare`.
    """
    from pymmcore_widgets import ConfigWizard

    try:
        dialog = ConfigWizard(parent=parent)
    except (RuntimeError, OSError, ValueError) as error:
        failed(error)
        return
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def finished() -> None:
        target = Path(str(dialog.field("dest_config") or ""))
        if target.is_file():
            written(target)

    dialog.accepted.connect(finished)
    dialog.show()


def _presets(core: Any) -> QWidget:
    from pymmcore_widgets import GroupPresetTableWidget

    if not core.getAvailableConfigGroups():
        return QLabel("This microscope has no config groups.")
    table = GroupPresetTableWidget(mmcore=core)
    for push in table.findChildren(QPushButton):
        # Another .cfg is another microscope, with other limits: it needs a profile.
        push.setHidden(push.text() == "Load cfg")
    return table


def _light_and_stages(core: Any) -> QWidget:
    from pymmcore_widgets import DefaultCameraExposureWidget, StageWidget

    holder = QWidget()
    column = QVBoxLayout(holder)
    column.addWidget(QLabel("Exposure of the camera"))
    column.addWidget(DefaultCameraExposureWidget(mmcore=core))
    for label in (core.getXYStageDevice(), core.getFocusDevice()):
        if label:
            column.addWidget(QLabel(f"Stage {label}"))
            column.addWidget(StageWidget(label, mmcore=core))
    column.addStretch(1)
    return holder


def _properties(core: Any) -> QWidget:
    from pymmcore_widgets import PropertyBrowser

    browser = PropertyBrowser(mmcore=core)
    for table in browser.findChildren(QTableWidget):
        _darken(table)
    return browser


def _darken(table: QTableWidget) -> None:
    """What can only be read is shown on light grey by its author: too bright for a dark room."""
    for line in range(table.rowCount()):
        for column in range(table.columnCount()):
            item = table.item(line, column)
            if item is not None and item.background().color().lightness() > BRIGHT:
                item.setBackground(QColor(theme.PANEL))
                item.setForeground(QColor(theme.INK_DIM))
            widget = table.cellWidget(line, column)
            if widget is not None and item is not None and not widget.isEnabled():
                widget.setStyleSheet(f"color: {theme.INK_DIM};")
