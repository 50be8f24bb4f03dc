"""Menus, toolbar and keys as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenuBar

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
    "export_stack": ActionSpec(
        "Export virtual stack…", "All planes of this frame as OME-TIFF", "", ("Ctrl+S",)
    ),
    "export_drift": ActionSpec("Export drift table…", "Time, z, y, x and confidence as CSV"),
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
    "reference": ActionSpec(
        "Set drift reference", "Measure drift from now on", "reference", ("Ctrl+R",)
    ),
    "focus_lock": ActionSpec(
        "Lock focus / let go", "The stage follows the measured drift", "target", ("Ctrl+L",)
    ),
    "channels": ActionSpec(
        "Channels in turn…", "Stream several channels, each with its model", "", ("Ctrl+H",)
    ),
    "fit": ActionSpec("Fit all", "Show the whole field", "fit", ("F",), "Fit"),
    "zoom_in": ActionSpec("Zoom in", "Closer, in all panes", "", ("+", "=")),
    "zoom_out": ActionSpec("Zoom out", "Further, in all panes", "", ("-",)),
    "deeper": ActionSpec("Free plane up", "Depth knob + 0.5 µm", "", ("]", "PgUp")),
    "shallower": ActionSpec("Free plane down", "Depth knob − 0.5 µm", "", ("[", "PgDown")),
    "screenshot": ActionSpec("Save picture of the window…", "As PNG", "snapshot", ("Ctrl+P",)),
}

MENUS: Mapping[str, tuple[str, ...]] = {
    "&File": (
        "open_profile", "open_bundle", "open_replay", "", "export_stack", "export_drift", "",
        "recordings", "", "quit",
    ),
    "&Microscope": ("record", "", "channels", "focus_lock", "", "calibrate"),
    "&View": (
        "fit", "zoom_in", "zoom_out", "", "shallower", "deeper", "", "reference", "", "screenshot",
    ),
}  # fmt: skip

TOOLBAR = ("open_profile", "open_bundle", "open_replay", "", "calibrate")


def make_actions(window: QMainWindow, does: Mapping[str, Callable[[], None]]) -> dict[str, QAction]:
    """One action for every entry of :data:`ACTIONS`, tied to what it does."""
    actions = {}
    for key, spec in ACTIONS.items():
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


def fill_menus(bar: QMenuBar, actions: Mapping[str, QAction]) -> None:
    """Menus as in :data:`MENUS`; an empty key is a line."""
    for title, keys in MENUS.items():
        menu = bar.addMenu(title)
        if menu is None:
            continue
        for key in keys:
            if key:
                menu.addAction(actions[key])
            else:
                menu.addSeparator()


def _plain(do: Callable[[], None]) -> Callable[[bool], None]:
    def triggered(_checked: bool = False) -> None:
        do()

    return triggered
