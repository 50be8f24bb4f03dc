"""What a feature of the window is: its docks, its actions, and what it follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from PyQt6.QtWidgets import QWidget

from deepz_live.app.desk import Desk
from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.asking import Asking
from deepz_live.gui.bridge import Bridge
from deepz_live.gui.display import Display
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.gui.replay.controller import TransportController
from deepz_live.gui.view_controller import ViewController
from deepz_live.refocus.view import RefocusResult

Area = Literal["left", "right", "bottom", "floating"]
"""Where a panel stands at first; a floating one is a window of its own, for what is large."""


@dataclass(frozen=True, slots=True, eq=False)
class DockSpec:
    """A panel at the window's side; ``key`` names it in remembered layouts."""

    key: str
    title: str
    widget: QWidget
    area: Area = "right"
    shown: bool = False


class Shop(Protocol):
    """What a part may use of the window."""

    desk: Desk
    bridge: Bridge
    grid: PaneGrid
    view: ViewController
    display: Display
    transport: TransportController
    asking: Asking

    def window(self) -> QWidget | None:
        """The window itself."""

    @property
    def shown(self) -> LiveSession | None:
        """The session that is shown."""

    @property
    def recordings(self) -> Path:
        """Folder for recordings."""

    def say(self, text: str) -> None:
        """A short note in the status line."""

    def fail(self, error: Exception) -> None:
        """What went wrong, as a sentence that stays until it was read."""

    def ask_where(self, title: str, name: str, kinds: str) -> Path | None:
        """Where to write a file; None where the operator thought better of it."""

    def exchange(self, work: Callable[[], LiveSession], message: str) -> None:
        """Make another session beside the GUI, then show it."""


class Part(Protocol):
    """A feature. Actions without a menu of their own are put under their part's ``menu``."""

    menu: str
    """Title of the menu: one that is there (``&View``), or a new one."""

    @property
    def actions(self) -> Mapping[str, ActionSpec]:
        """What the operator can do with it, by key."""

    @property
    def deeds(self) -> Mapping[str, Callable[[], None]]:
        """What each action does."""

    @property
    def docks(self) -> tuple[DockSpec, ...]:
        """Its panels."""

    def use(self, live: LiveSession | None) -> None:
        """Another session is shown, or none."""

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """A newer result (of several channels one each); at most once a display frame."""

    def slow_tick(self) -> None:
        """Five times a second."""


@runtime_checkable
class Closing(Protocol):
    """A part that has threads of its own."""

    def close(self) -> None:
        """The window closes: end them."""


@runtime_checkable
class Preparing(Protocol):
    """A part that needs what takes long to import."""

    def prepare(self) -> None:
        """Called beside the GUI before each session, while nothing moves yet."""
