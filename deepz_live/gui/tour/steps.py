"""The five steps of the tour: what is said, and at which widget of the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QToolBar, QWidget

from deepz_live.gui.knob import DepthKnob
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.gui.recorder import RecordBar


class Toured(Protocol):
    """What the tour points at; the main window is one."""

    grid: PaneGrid
    knob: DepthKnob
    record_bar: RecordBar
    toolbar: QToolBar
    actions_by_key: Mapping[str, QAction]


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``target`` gives the widget that it points at."""

    title: str
    text: str
    target: Callable[[Toured], QWidget | None]


def _refocused(window: Toured) -> QWidget | None:
    return next((pane for pane in window.grid.panes if pane.cut is not None), window.grid.raw)


STEPS: tuple[Step, ...] = (
    Step(
        "This was measured",
        "The raw frame of the camera, one focal plane. Structures above and below are blurred. "
        "Nothing here comes from a network. The built-in microscope shows beads; open your own "
        "under File, Open profile.",
        lambda window: window.grid.raw,
    ),
    Step(
        "This was inferred",
        "The same frame, refocused by a trained network without moving the stage. Every such "
        "pane says “inferred” and at which depth. Click one to select it; a right click chooses "
        "what it shows: a plane, a projection, a section.",
        _refocused,
    ),
    Step(
        "Turn the depth",
        "Drag here, or turn the mouse wheel over a pane: the selected plane goes through the "
        "sample in µm. Undo with Ctrl+Z.",
        lambda window: window.knob,
    ),
    Step(
        "Record",
        "R writes every frame exactly as captured. What is refocused in the view is made again "
        "from these frames at replay, with this model or another.",
        lambda window: window.record_bar.button,
    ),
    Step(
        "Your own sample",
        "The wizard takes z-stacks of your sample, trains a network on them and measures how good "
        "it is. All keys are listed under “?”, this tour is in the Help menu.",
        lambda window: window.toolbar.widgetForAction(window.actions_by_key["calibrate"]),
    ),
)
