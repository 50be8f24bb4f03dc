"""Menus, toolbar and keys as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu, QMenuBar

from deepz_live.gui import theme


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing that the operator can do."""

    text: str
    tip: str
    icon: str = ""
    keys: tuple[str, ...] = ()
    short: str = ""


ACTIONS: Mapping[str, ActionSpec] = {
    "open_profile": ActionSpec(
        "Open profile…", "Open a microscope", "camera", ("Ctrl+O",), "Profile"
    ),
    "open_bundle": ActionSpec(
        "Open bundle…", "Open a trained model", "model", ("Ctrl+B",), "Bundle"
    ),
    "open_replay": ActionSpec(
        "Open session for replay…", "Play a recording", "replay", ("Ctrl+E",), "Replay"
    ),
    "recordings": ActionSpec("Recordings folder…", "Where recordings are written", "open"),
    "calibrate": ActionSpec(
        "Calibrate and train…",
        "Capture z-stacks of this sample and train a model on them",
        "calibrate",
        ("Ctrl+K",),
        "Calibrate",
    ),
    "quit": ActionSpec("Quit", "Stop and close", "close", ("Ctrl+Q",)),
    "record": ActionSpec("Record / stop", "Record every frame exactly as captured (R)", "record"),
    "stream_live": ActionSpec(
        "Live view",
        "Stream from the open microscope: after a replay, or when its camera has stopped",
        "camera",
        ("F5",),
    ),
    "channels": ActionSpec(
        "Channels in turn…", "Stream several channels, each with its model", "", ("Ctrl+H",)
    ),
    "fit": ActionSpec("Fit all", "Show the whole field", "fit", ("F",), "Fit"),
    "zoom_in": ActionSpec("Zoom in", "Closer, in all panes", "", ("+", "=")),
    "zoom_out": ActionSpec("Zoom out", "Further, in all panes", "", ("-",)),
    "deeper": ActionSpec("Selected plane up", "Depth knob + 0.5 µm", "", ("]", "PgUp")),
    "shallower": ActionSpec("Selected plane down", "Depth knob − 0.5 µm", "", ("[", "PgDown")),
    "next_pane": ActionSpec("Select next pane", "The knob turns the pane after it", "", ("Tab",)),
    "add_pane": ActionSpec("One pane more", "A plane beside the others", "", ("Ctrl++", "Ctrl+=")),
    "remove_pane": ActionSpec("Remove selected pane", "One pane less", "", ("Ctrl+-",)),
    "undo": ActionSpec("Undo view change", "Panes, depths and cuts as before", "", ("Ctrl+Z",)),
    "redo": ActionSpec("Redo view change", "What was undone", "", ("Ctrl+Y", "Ctrl+Shift+Z")),
    "screenshot": ActionSpec("Save picture of the window…", "As PNG", "snapshot", ("Ctrl+P",)),
}

MENUS: Mapping[str, tuple[str, ...]] = {
    "&File": (
        "open_profile", "open_bundle", "open_replay", "", "recordings", "", "quit",
    ),
    "&Microscope": ("stream_live", "record", "", "channels", "", "calibrate"),
    "&View": (
        "undo", "redo", "", "fit", "zoom_in", "zoom_out", "", "shallower", "deeper", "",
        "next_pane", "add_pane", "remove_pane", "", "screenshot",
    ),
}  # fmt: skip

TOOLBAR = ("open_profile", "open_bundle", "open_replay", "", "calibrate")


def make_actions(
    window: QMainWindow,
    specs: Mapping[str, ActionSpec],
    does: Mapping[str, Callable[[], None]],
) -> dict[str, QAction]:
    """One action for every entry, tied to what it does."""
    actions = {}
    for key, spec in specs.items():
        action = QAction(spec.text, window)
        if spec.icon:
            action.setIcon(theme.icon(spec.icon))
        if spec.keys:
            action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
        keys = f" ({spec.keys[0]})" if spec.keys else ""
        action.setToolTip(spec.tip + keys)
        action.setIconText(spec.short or spec.text)
        action.triggered.connect(_plain(does[key]))
        window.addAction(action)
        actions[key] = action
    return actions


def fill_menus(
    bar: QMenuBar, actions: Mapping[str, QAction], more: Iterable[tuple[str, Iterable[str]]] = ()
) -> dict[str, QMenu]:
    """Menus as in :data:`MENUS`, then ``more`` (title, keys) below; an empty key is a line."""
    menus: dict[str, QMenu] = {}
    rows = [*MENUS.items(), *((title, ("", *keys)) for title, keys in more if keys)]
    for title, keys in rows:
        if title not in menus:
            menu = bar.addMenu(title)
            if menu is None:
                continue
            menus[title] = menu
        for key in keys:
            if key:
                menus[title].addAction(actions[key])
            elif not menus[title].isEmpty():
                menus[title].addSeparator()
    return menus


def _plain(do: Callable[[], None]) -> Callable[[bool], None]:
    def triggered(_checked: bool = False) -> None:
        do()

    return triggered
