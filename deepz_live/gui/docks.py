"""The panels around the panes."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDockWidget, QMainWindow

from deepz_live.gui.parts import DockSpec

AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


def add_docks(window: QMainWindow, specs: Iterable[DockSpec]) -> dict[str, QDockWidget]:
    """Hang the panels into the window, those of one side over each other; by key."""
    docks: dict[str, QDockWidget] = {}
    for spec in specs:
        dock = QDockWidget(spec.title, window)
        dock.setObjectName(spec.key)  # by which Qt remembers its place
        dock.setWidget(spec.widget)
        window.addDockWidget(AREAS[spec.area], dock)
        dock.setVisible(spec.shown)
        docks[spec.key] = dock
    return docks
