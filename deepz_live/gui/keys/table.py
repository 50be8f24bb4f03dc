"""All keys of a window, read off the window itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QAbstractButton, QMainWindow, QMenu

MOUSE = (
    ("Click on a pane", "Select it; sections go through there"),
    ("Double-click a structure", "Find its depth of best focus; the plane goes there"),
    ("Wheel over a plane", "Turn its depth, 0.2 µm a notch"),
    ("Wheel over a section", "Move the section, 2 px a notch"),
    ("Ctrl + wheel", "Zoom, in all panes"),
    ("Drag in a pane", "Pan, in all panes"),
    ("Right-click on a pane", "Choose what it shows"),
    ("Click a neuron's circle", "Mark it and see its trace"),
    ("Drop a file on the window", "Play it: TIFF, OME-TIFF, Zarr or a session; neurons of one"),
)
OTHER = "Other"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One row of the sheet."""

    group: str
    keys: str
    text: str
    tip: str


def key_rows(window: QMainWindow) -> tuple[KeyRow, ...]:
    """Every action and button of ``window`` that has a key, in the order of the menus.

    What is shown in no menu stands under :data:`OTHER`.
    """
    rows: list[KeyRow] = []
    seen: set[QAction] = set()
    for group, action in _in_menus(window):
        if action not in seen:
            seen.add(action)
            rows += _row(group, action)
    for action in window.actions():
        if action not in seen:
            rows += _row(OTHER, action)
    for button in window.findChildren(QAbstractButton):
        if not button.shortcut().isEmpty() and button.window() is window:
            text = button.text().split(" (")[0] or button.toolTip().split(" (")[0]
            rows.append(KeyRow(OTHER, _keys(button.shortcut()), text, button.toolTip()))
    return tuple(rows)


def _in_menus(window: QMainWindow) -> Iterator[tuple[str, QAction]]:
    bar = window.menuBar()
    for top in bar.actions() if bar is not None else ():
        menu = top.menu()
        if menu is not None:
            for action in _below(menu):
                yield top.text().replace("&", ""), action


def _below(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        inner = action.menu()
        if inner is not None:
            yield from _below(inner)
        else:
            yield action


def _row(group: str, action: QAction) -> list[KeyRow]:
    keys = ", ".join(_keys(sequence) for sequence in action.shortcuts())
    if not keys:
        return []
    text = action.text().replace("&", "").removesuffix("…")
    return [KeyRow(group, keys, text, action.toolTip().split(" (")[0])]


def _keys(sequence: QKeySequence) -> str:
    return sequence.toString(QKeySequence.SequenceFormat.NativeText)
