"""Two models on the same frames: the panes of the second under those of the first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDockWidget, QMainWindow

from deepz_live.app.live import LiveSession
from deepz_live.app.second_model import SecondModel
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.compare.panel import NONE, ComparePanel
from deepz_live.gui.display import WAITING, Display, Scale
from deepz_live.gui.panes.titles import range_text
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.refocus.view import RefocusResult
from deepz_live.stream.frame import StreamInfo

SHARE = 0.4
"""Of the window's height, for the panes below."""


class CompareError(RuntimeError):
    """There is nothing to compare with; the sentence says what is missing."""


def open_model(path: Path, provider: str) -> Engine:
    """The bundle at ``path``, running where the first model runs, if it can."""
    return open_engine(load_bundle(path), prefer=provider)


class ComparePart:
    """Opens a second model and shows it what is shown; levels are those of the first."""

    menu = "&Session"
    actions: Mapping[str, ActionSpec] = {
        "compare": ActionSpec(
            "Compare with another model…", "Its panes below, on the same frames", "", ("Ctrl+D",)
        ),
        "compare_end": ActionSpec("End comparison", "Close the second model"),
    }

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.panel = ComparePanel()
        self.display = Display(self.panel.grid, time.monotonic)
        self.second: SecondModel | None = None
        self._closing = False
        self.open: Callable[[Path, str], Engine] = open_model
        self._live: LiveSession | None = None
        self._results: tuple[RefocusResult, ...] = ()
        self._shown: RefocusResult | None = None
        self.deeds: Mapping[str, Callable[[], None]] = {
            "compare": self.ask,
            "compare_end": self.end,
        }
        self.docks = (DockSpec("compare", "Comparison", self.panel, "bottom"),)
        shop.grid.view_changed.connect(self._follow_zoom)

    def use(self, live: LiveSession | None) -> None:
        """Another session: the second model looks at its frames."""
        self._live, self._results, self._shown = live, (), None
        second = self.second
        if second is None or live is None:
            return
        info = live.source.info
        self._set_field(second, info)
        self._shop.bridge.call(lambda: second.follow(info), lambda _: None, self._shop.fail)

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Show the second model what is shown."""
        self._results = results
        self._look()

    def slow_tick(self) -> None:
        """Show what it made; it may be slower than the first."""
        second = self.second
        if second is None:
            return
        self._look()
        if second.error is not None:
            self.panel.say(str(second.error), "alarm")
        result = second.newest
        if result is not None and result is not self._shown:
            self._shown = result
            self.display.show_frame(result.frame)
            self.display.show_result(result)
        if result is not None:
            self._share_levels(result)

    def ask(self) -> None:
        """Choose the second model."""
        if self._live is None or self._live.engine is None:
            self._shop.fail(
                CompareError("There is no first model to compare with; open a bundle first.")
            )
            return
        path = self._shop.asking.bundle()
        if path is not None:
            self.begin(path)

    def begin(self, path: Path) -> None:
        """Open the second model at ``path`` beside the first."""
        live = self._live
        if live is None or live.engine is None:
            return
        info, provider = live.source.info, live.engine.provider
        self._shop.say(f"Opening {path.name} …")
        self._shop.bridge.call(lambda: self._make(path, provider, info), self._began, self._failed)

    def end(self) -> None:
        """Close the second model."""
        second, self.second = self.second, None
        self._show_dock(False)
        self.panel.say(NONE, "dim")
        if second is not None:
            self._shop.bridge.call(second.close, lambda _: None, self._shop.fail)

    def close(self) -> None:
        """The window closes, perhaps before a model that was chosen is there."""
        self._closing = True
        self.end()

    def _make(self, path: Path, provider: str, info: StreamInfo) -> SecondModel:
        """On the bridge's thread."""
        second = SecondModel(self.open(path, provider), info)
        if self._closing:
            second.close()
        return second

    def _began(self, second: SecondModel) -> None:
        self._shop.say("")
        self.end()
        if self._closing:
            self._shop.bridge.call(second.close, lambda _: None, self._shop.fail)
            return
        self.second = second
        live = self._live
        if live is None:
            self.end()
            return
        self._set_field(second, live.source.info)
        self._show_dock(True)
        self._look()

    def _failed(self, error: Exception) -> None:
        self._shop.say("")
        self._shop.fail(error)

    def _look(self) -> None:
        if self.second is None or not self._results:
            return
        cuts = self._shop.view.cuts
        held = self._shop.view.compensate
        text = f"{self.second.bundle.name}, on the same frames, with the levels of the panes above"
        self.panel.say(text + (" (drift is not taken out here)" if held else ""))
        if tuple(pane.cut for pane in self.panel.grid.panes) != cuts:
            self.panel.grid.show_cuts(cuts, -1)
            self.display.name_panes()
            self._follow_zoom()
        self._note_beyond(self.second)
        wanted = dict.fromkeys(cut for cut in cuts if cut is not None)
        self.second.look(self._results[-1].frame, tuple(wanted))

    def _note_beyond(self, second: SecondModel) -> None:
        """Where the second model does not reach, the pane says so."""
        sentence = f"beyond this model's {range_text(second.bundle.facts.z_range_um)}"
        for pane in self.panel.grid.panes:
            if pane.cut is not None and not second.reaches(pane.cut):
                pane.set_note(sentence)

    def _set_field(self, second: SecondModel, info: StreamInfo) -> None:
        planes = tuple(second.bundle.facts.z_planes_um)
        self.display.use(Scale(planes, info.pixel_size_um))
        self.panel.grid.show_cuts(self._shop.view.cuts, -1)
        self.panel.grid.set_field(info.shape, info.pixel_size_um)
        self.display.clear(WAITING, WAITING)
        self.display.name_panes()

    def _share_levels(self, result: RefocusResult) -> None:
        """Each pane in the grey values of its counterpart: what is brighter shall look so."""
        channel = result.frame.channel
        counterpart = {pane.cut: pane for pane in self._shop.grid.panes}
        for pane in self.panel.grid.panes:
            other = counterpart.get(pane.cut)
            levels = self._shop.display.levels(other, channel) if other is not None else None
            if levels is not None and levels != self.display.levels(pane, channel):
                self.display.pin(pane, channel, levels)

    def _follow_zoom(self) -> None:
        panes = self._shop.grid.panes
        if panes and self.second is not None:
            self.panel.grid.show_rect(panes[0].wanted_rect)

    def _show_dock(self, on: bool) -> None:
        """With about as much room as the panes above, each under its counterpart."""
        dock, window = self.panel.parentWidget(), self._shop.window()
        if not isinstance(dock, QDockWidget):
            return
        dock.setVisible(on)
        dock.raise_()
        if on and isinstance(window, QMainWindow):
            height = round(SHARE * window.height())
            window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
