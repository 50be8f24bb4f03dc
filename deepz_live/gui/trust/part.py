"""Trust: badges on the refocused panes, their reasons, the spot check, the light saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from deepz_live.acquire.errors import AcquisitionAbortedError
from deepz_live.app.light import LightMeter, planes_shown
from deepz_live.app.live import LiveSession
from deepz_live.app.spot_check.make import KIND, live_check
from deepz_live.app.spot_check.plan import SpotCheckError
from deepz_live.app.spot_check.result import SpotCheckResult
from deepz_live.app.spot_check.run import SpotCheck, SpotCheckProgress
from deepz_live.app.trust.optics import optics_of
from deepz_live.app.trust.reason import worst
from deepz_live.app.trust.watch import Badge, TrustWatch
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.bridge import Relay
from deepz_live.gui.panes.titles import title_of
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.gui.trust.levels import PANE_LEVELS, tip_of
from deepz_live.gui.trust.panel import TrustPanel
from deepz_live.refocus.cuts import Cut
from deepz_live.refocus.view import RefocusResult
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.replay import ReplaySource

FILE = ("Save spot check", "spot_check.json", "JSON (*.json)")


class TrustPart:
    """Between the panel and panes, and what watches over the session that is shown."""

    menu = "&Microscope"
    actions: Mapping[str, ActionSpec] = {
        "spot_check": ActionSpec(
            "Spot check", "A few planes with the stage against refocused ones", "tick", ("T",)
        ),
    }

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.panel = TrustPanel()
        self.watch = TrustWatch()
        self.light = LightMeter()
        self._live: LiveSession | None = None
        self._check: SpotCheck | None = None
        self._result: SpotCheckResult | None = None
        self._channels: tuple[str, ...] = ()
        self.deeds: Mapping[str, Callable[[], None]] = {"spot_check": self.spot_check}
        self.docks = (DockSpec("trust", "Trust", self.panel, "right", shown=True),)
        self._relay = Relay(self.panel)
        self._relay.arrived.connect(self._show_progress)
        self.panel.check_wanted.connect(self.spot_check)
        self.panel.abort_wanted.connect(self.abort)
        self.panel.save_wanted.connect(self.save)

    def use(self, live: LiveSession | None) -> None:
        """Another session, or none."""
        self.abort()
        self._live, self._channels = live, ()
        self._result = None
        self.light = LightMeter()
        microscope = self._shop.desk.microscope if _on_microscope(live) else None
        profile = microscope.profile if microscope is not None else None
        self.watch.use(live, optics_of(live.source, profile) if live is not None else None)
        self.panel.clear_result()
        self.panel.set_checkable(
            microscope is not None and live is not None and live.engine is not None
        )
        self._show_badges()

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Which channels are seen."""
        self._channels = tuple(result.frame.channel for result in results)

    def slow_tick(self) -> None:
        """Look where it is time to; badges, reasons and light as they are now."""
        asked = self.watch.look()
        if asked is not None:
            self._shop.bridge.watch(asked, self.watch.take, _not_now)
        self._show_badges()
        self._count_light()

    def spot_check(self) -> None:
        """Begin one; a second while it runs is not begun."""
        if self._check is not None:
            return
        live, microscope = self._live, self._shop.desk.microscope
        if live is None or microscope is None or not _on_microscope(live):
            self._shop.fail(
                SpotCheckError(
                    "A spot check moves the stage, and here is no microscope that streams; open "
                    "its profile first."
                )
            )
            return
        channel = self._channels[0] if live.channels and self._channels else None
        try:
            check = live_check(live, microscope, channel, self._relay.send)
        except SpotCheckError as error:
            self._shop.fail(error)
            return
        self._check = check
        self.panel.show_running(SpotCheckProgress(0, 1, "waiting"))

        def done(result: SpotCheckResult) -> None:
            self._done(live, result)

        self._shop.bridge.call(check.run, done, self._failed)

    def abort(self) -> None:
        """End the spot check under way, if there is one."""
        if self._check is not None:
            self._check.abort()

    def save(self) -> None:
        """Write the last one into a file."""
        if self._result is None:
            return
        path = self._shop.ask_where(*FILE)
        if path is None:
            return
        content = to_json(self._result.facts(), indent=1)
        self._shop.bridge.call(
            lambda: replace_file(path, content),
            lambda _: self._shop.say(f"Wrote {path.name}"),
            self._shop.fail,
        )

    def _done(self, live: LiveSession, result: SpotCheckResult) -> None:
        self._check = None
        self.panel.show_running(None)
        live.note(KIND, **result.facts())
        if live is not self._live:
            return
        self._result = result
        when = datetime.fromtimestamp(result.made_s, UTC).astimezone().strftime("%H:%M:%S")
        verdict = replace(result.verdict, text=f"Spot check at {when}. {result.verdict.text}")
        self.watch.spot_checked(verdict, result.channel if live.channels else "")
        self.panel.show_result(result)
        self._show_badges()

    def _failed(self, error: Exception) -> None:
        self._check = None
        self.panel.show_running(None)
        self.panel.show_failure(str(error))
        if not isinstance(error, AcquisitionAbortedError):
            self._shop.fail(error)

    def _show_progress(self, progress: Any) -> None:
        if self._check is not None:
            self.panel.show_running(progress)

    def _show_badges(self) -> None:
        """On every pane, and the reasons of the selected one."""
        shown = None
        for pane in self._shop.grid.panes:
            badge = self._badge(pane.cut)
            pane.set_badge(
                PANE_LEVELS[badge.level] if badge else "", tip_of(badge) if badge else ""
            )
            if pane.selected:
                shown = (title_of(pane.cut, self._shop.view.range_um), badge)
        self.panel.show_badge(*(shown or ("", None)))

    def _badge(self, cut: Cut | None) -> Badge | None:
        """Of several channels the worst; the raw frame needs none."""
        if cut is None:
            return None
        compensated = self._shop.view.compensate
        found = [
            self.watch.badge(cut, channel, compensated=compensated)
            for channel in self._channels or ("",)
        ]
        known = [badge for badge in found if badge is not None]
        level = worst(badge.level for badge in known)
        return next((badge for badge in known if badge.level == level), None)

    def _count_light(self) -> None:
        live = self._live
        if live is None or live.engine is None:
            return
        planes = planes_shown(self._shop.view.request().cuts, live.engine.bundle.facts.z_planes_um)
        self.light.count(live.status().refocused, planes, live.source.info.exposure_ms)
        self.panel.show_light(self.light.text)


def _on_microscope(live: LiveSession | None) -> bool:
    return live is not None and not isinstance(live.source, ReplaySource)


def _not_now(_: Exception) -> None:
    """A look that failed: the network's own error is shown where its planes would be."""
