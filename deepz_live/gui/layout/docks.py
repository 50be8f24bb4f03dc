"""The panels around the panes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDockWidget, QMainWindow, QMenu

from deepz_live.gui.layout.tab_key import TabInPanels
from deepz_live.gui.parts import DockSpec

AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
    "floating": Qt.DockWidgetArea.RightDockWidgetArea,
}
WIDTH_PX = 350
"""Of the sides at first: the panes need the room."""


def add_docks(window: QMainWindow, specs: Iterable[DockSpec]) -> dict[str, QDockWidget]:
    """Hang the panels into the window; by key.

    Those of one side stand over each other, at the bottom behind each other as tabs. The corners
    belong to the sides, which need their height.
    """
    docks: dict[str, QDockWidget] = {}
    bottom: QDockWidget | None = None
    sides: list[QDockWidget] = []
    for spec in specs:
        dock = QDockWidget(spec.title, window)
        dock.setObjectName(spec.key)  # by which Qt remembers its place
        dock.setWidget(spec.widget)
        dock.setAutoFillBackground(True)
        window.addDockWidget(AREAS[spec.area], dock)
        if spec.area == "bottom":
            if bottom is not None:
                window.tabifyDockWidget(bottom, dock)
            bottom = dock
        elif spec.area == "floating":
            dock.setFloating(True)
        else:
            sides.append(dock)
        dock.setVisible(spec.shown)
        docks[spec.key] = dock
    window.resizeDocks(sides, [WIDTH_PX] * len(sides), Qt.Orientation.Horizontal)
    window.setDockNestingEnabled(True)
    for side, corner in (
        ("left", Qt.Corner.BottomLeftCorner),
        ("right", Qt.Corner.BottomRightCorner),
    ):
        window.setCorner(corner, AREAS[side])
    TabInPanels(window)
    return docks


def fill_panels(menu: QMenu, docks: Mapping[str, QDockWidget]) -> None:
    """A row for every panel, ticked where it is shown."""
    menu.addSeparator()
    panels = menu.addMenu("&Panels")
    for dock in docks.values():
        action = dock.toggleViewAction()
        if action is not None and panels is not None:
            action.setToolTip(f"Show or hide the panel {dock.windowTitle()}")
            panels.addAction(action)


def show_dock(dock: QDockWidget) -> None:
    """Bring a panel to the eye, also from behind another tab."""
    dock.show()
    dock.raise_()
