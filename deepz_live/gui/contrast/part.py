"""Contrast of the selected pane: its histogram, levels by hand or by percentiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.contrast.panel import ContrastPanel
from deepz_live.gui.panes.pane import Pane
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.image.levels import Levels, sampled
from deepz_live.refocus.view import RefocusResult

BINS = 96


class ContrastPart:
    """Between the panel and the display."""

    menu = "&View"
    actions: Mapping[str, ActionSpec] = {
        "auto_contrast": ActionSpec(
            "Auto contrast of the selected pane", "Levels follow the picture", "", ("A",)
        ),
    }

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.panel = ContrastPanel()
        self.deeds: Mapping[str, Callable[[], None]] = {"auto_contrast": self.follow_picture}
        self.docks = (DockSpec("contrast", "Contrast", self.panel, "right"),)
        self.panel.levels_wanted.connect(self.pin)
        self.panel.auto_wanted.connect(self.follow_picture)
        self.panel.channel_wanted.connect(self._refresh)
        self.panel.colour_wanted.connect(shop.display.set_channel_colour)

    def use(self, live: LiveSession | None) -> None:
        """Another session: its channels."""
        channels = live.channels if live is not None else ()
        self.panel.show_channels(channels)

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """The histogram follows in :meth:`slow_tick`."""

    def slow_tick(self) -> None:
        """Histogram and levels, while somebody can see them."""
        if self.panel.isVisible():
            self._refresh()

    def pin(self, levels: Levels) -> None:
        """Keep these levels in the selected pane."""
        found = self._selected()
        if found is not None:
            self._shop.display.pin(*found, levels)

    def follow_picture(self) -> None:
        """Levels of the selected pane by percentiles again, in all its channels."""
        self._shop.display.unpin(self._pane())
        self._refresh()

    def _refresh(self) -> None:
        panel, display = self.panel, self._shop.display
        found = self._selected()
        if found is None:
            return
        pane, channel = found
        panel.show_name(pane.title)
        panel.show_colour(display.channel_colour(channel))
        values = sampled(display.layers(pane)[channel])
        levels = display.levels(pane, channel)
        if values.size and levels is not None:
            counts, edges = np.histogram(values, BINS)
            panel.show_histogram(counts, edges)
            panel.show_levels(levels, auto=not display.pinned(pane, channel))

    def _pane(self) -> Pane:
        return self._shop.grid.panes[self._shop.view.selected]

    def _selected(self) -> tuple[Pane, str] | None:
        """The pane and the channel that is chosen, where there is a picture of it."""
        pane = self._pane()
        layers = self._shop.display.layers(pane)
        if not layers:
            return None
        channel = self.panel.channel.currentText()
        return pane, channel if channel in layers else next(iter(layers))
