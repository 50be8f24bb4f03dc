"""The rotating view: the newest virtual stack, while somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.gui.seen_channel import channel_shown
from deepz_live.gui.volume.cloud import Cloud, cloud_of
from deepz_live.gui.volume.panel import VolumePanel
from deepz_live.refocus.view import RefocusResult


class VolumePart:
    """Asks for a cloud after the other, never two at once, and none that nobody sees."""

    menu = "&View"
    actions: Mapping[str, ActionSpec] = {}
    deeds: Mapping[str, Callable[[], None]] = {}

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.panel = VolumePanel()
        self.docks = (DockSpec("volume", "3D", self.panel, "right"),)
        self._asked = False
        self._wanted = False
        self._channel: str | None = None

    def use(self, live: LiveSession | None) -> None:  # noqa: ARG002
        """Another session, or none."""
        self._asked = self._wanted = False

    def show(self, results: tuple[RefocusResult, ...]) -> None:  # noqa: ARG002
        """There is something newer to be drawn."""
        self._wanted = True

    def slow_tick(self) -> None:
        """Open and rest with the panel; ask for the newest stack."""
        if not self.panel.isVisible():
            self.panel.rest()
            return
        self.panel.open()
        live = self._shop.shown
        channel = channel_shown(self._shop.display, self._shop.grid)
        self._wanted = self._wanted or channel != self._channel
        if self._asked or not self._wanted or not self.panel.able or live is None:
            return
        self._asked, self._wanted, self._channel = True, False, channel
        self._shop.bridge.watch(live.ask(cloud_of, channel), self._arrived, self._failed)

    def _arrived(self, cloud: Cloud) -> None:
        self._asked = False
        self.panel.show_cloud(cloud)

    def _failed(self, _: Exception) -> None:
        # Refocusing ended or failed; the live view says why.
        self._asked = False
