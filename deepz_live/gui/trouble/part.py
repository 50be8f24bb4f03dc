"""The panel of troubles as a part of the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.banner import Banner
from deepz_live.gui.parts import DockSpec
from deepz_live.gui.trouble.panel import TroublePanel
from deepz_live.refocus.view import RefocusResult


class TroublePart:
    """Keeps what the banner said; the banner is its short form."""

    menu = "&Help"
    actions: Mapping[str, ActionSpec] = {}
    deeds: Mapping[str, Callable[[], None]] = {}

    def __init__(self, banner: Banner) -> None:
        self.panel = TroublePanel()
        self.docks = (DockSpec("trouble", "Errors and warnings", self.panel, "bottom"),)
        banner.told.connect(self.panel.add)

    def use(self, live: LiveSession | None) -> None:
        """Troubles outlive the session they came from."""

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Nothing depends on the picture."""

    def slow_tick(self) -> None:
        """Nothing changes by itself."""
