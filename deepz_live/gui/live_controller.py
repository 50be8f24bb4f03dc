"""The GUI timer's work: pull the newest of everything, show it; never wait, never compute much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from deepz_live.app.depths import common_range_um
from deepz_live.app.focus_lock import LockStatus
from deepz_live.app.live import LiveSession, LiveStatus
from deepz_live.gui.banner import Banner
from deepz_live.gui.channel_bar import ChannelBar
from deepz_live.gui.display import NO_CAMERA, NO_MODEL, OVER, OVER_REPLAY, WAITING, Display, Scale
from deepz_live.gui.models_shown import models_text, unused_text
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.gui.panes.titles import signed
from deepz_live.gui.parts import Part
from deepz_live.gui.record_controller import RecordController
from deepz_live.gui.replay.controller import TransportController
from deepz_live.gui.status_line import StatusLine
from deepz_live.gui.view_controller import ViewController
from deepz_live.refocus.view import RefocusResult
from deepz_live.session.replay import ReplaySource
from deepz_live.stream.frame import Frame
from deepz_live.stream.pace import ChannelPace

SLOW_TICKS = 6
"""Numbers change five times a second: an eye cannot read faster."""


class Window(Protocol):
    """What the controller shows things in; the main window is one."""

    grid: PaneGrid
    channel_bar: ChannelBar
    status_line: StatusLine
    banner: Banner
    display: Display
    view: ViewController
    record: RecordController
    transport: TransportController


class LiveController:
    """Shows one live session after the other."""

    def __init__(self, window: Window, clock: Callable[[], float]) -> None:
        self._parts = parts = window
        self._features: tuple[Part, ...] = ()
        self._clock = clock
        self._live: LiveSession | None = None
        self._frames: tuple[Frame, ...] = ()
        self._results: tuple[RefocusResult, ...] = ()
        self._error = self._unused = ""
        self._channel: str | None = None
        self._overlay = False
        self._ticks = 0
        self._dirty = False
        self.longest_tick_s = 0.0
        parts.grid.view_changed.connect(self._mark_dirty)
        parts.grid.panes_changed.connect(self._mark_dirty)
        self.use(None)

    @property
    def live(self) -> LiveSession | None:
        """The session that is shown."""
        return self._live

    def follow(self, features: tuple[Part, ...]) -> None:
        """From now on, tell these what is shown."""
        self._features = features
        for feature in features:
            feature.use(self._live)

    def use(self, live: LiveSession | None) -> None:
        """Show another session, or none."""
        parts = self._parts
        self._unused = unused_text(self._live, live)
        self._live = live
        self._frames, self._results = (), ()
        self._error = ""
        engine = live.engine if live is not None else None
        shape, pixel_size_um = (0, 0), 0.0
        if live is not None:
            shape, pixel_size_um = live.source.info.shape, live.source.info.pixel_size_um
        planes = planes_of(live)
        parts.display.use(Scale(planes, pixel_size_um))
        parts.display.clear(
            NO_CAMERA if live is None else WAITING, NO_MODEL if engine is None else WAITING
        )
        names = live.channels if live is not None else ()
        parts.display.use_channels(names)
        parts.channel_bar.set_channels(names)
        self.show_channel(names[0] if names else None)
        parts.view.use(live, planes, shape, pixel_size_um)
        parts.record.use(live)
        parts.banner.show_warning("")
        if live is not None:
            parts.grid.set_field(shape, pixel_size_um)
        for feature in self._features:
            feature.use(live)
        self._show_names()
        self._ticks = 0

    def tick(self) -> None:
        """Once a display frame."""
        if self._live is None:
            return
        begin = self._clock()
        self._pull(self._live)
        if self._ticks % SLOW_TICKS == 0:
            self._show_trouble(self._live)
            self._show_numbers(self._live)
            for feature in self._features:
                feature.slow_tick()
        self._ticks += 1
        self.longest_tick_s = max(self.longest_tick_s, self._clock() - begin)

    def dismiss(self) -> None:
        """The operator has read the error."""
        if self._live is not None:
            self._live.clear_error()

    def show_channel(self, channel: str | None) -> None:
        """Look at one channel, or (None) at all of them over each other."""
        live = self._live
        names = live.channels if live is not None else ()
        self._channel = channel if names else None
        self._overlay = bool(names) and channel is None
        self._frames, self._results = (), ()
        shown = names if self._overlay else (channel,) if names and channel is not None else ()
        self._parts.status_line.show_field("bundle", models_text(live, shown))

    def point(self, pane: int, at: tuple[float, float] | None) -> None:
        """Say what is under the mouse: where, the camera's counts, and the pane's."""
        grid, display = self._parts.grid, self._parts.display
        raw = display.value_at(grid.raw, at) if at is not None else None
        if at is None or raw is None:
            self._parts.status_line.show_cursor("")
            return
        y, x = at
        parts = [f"x {int(x)}  y {int(y)} px"]
        if grid.pixel_size_um:
            parts.insert(0, f"x {x * grid.pixel_size_um:.1f}  y {y * grid.pixel_size_um:.1f} µm")
        parts.append(f"raw {raw:.0f} counts")
        under = grid.panes[pane]
        own = display.value_at(under, at) if under.cut is not None else None
        if own is not None:
            parts.append(f"inferred {own:.0f}")
        self._parts.status_line.show_cursor("   ".join(parts))

    def _mark_dirty(self) -> None:
        self._dirty = True

    def _pull(self, live: LiveSession) -> None:
        display = self._parts.display
        frames, results = self._newest(live)
        new_frame = bool(frames) and not _same(frames, self._frames)
        new_result = bool(results) and not _same(results, self._results)
        if self._dirty:
            self._dirty = False
            display.redraw(raw=not new_frame, made=not new_result)
        if new_frame:
            self._frames = frames
            display.show_frame(*frames)
        if new_result:
            self._results = results
            display.show_result(*results)
            for feature in self._features:
                feature.show(results)

    def _newest(self, live: LiveSession) -> tuple[tuple[Frame, ...], tuple[RefocusResult, ...]]:
        """What to show: one frame and result, or one of each channel that belong together."""
        if self._overlay:
            pair = live.latest_pair() or ()
            if pair or live.engine is not None:
                return tuple(result.frame for result in pair), pair
            frames = [live.latest_frame(name) for name in live.channels]
            whole = tuple(frame for frame in frames if frame is not None)
            return whole if len(whole) == len(frames) else (), ()
        frame, result = live.latest_frame(self._channel), live.latest_result(self._channel)
        return (frame,) if frame is not None else (), (result,) if result is not None else ()

    def _show_trouble(self, live: LiveSession) -> None:
        sentence = str(live.error) if live.error is not None else ""
        if sentence != self._error:
            self._error = sentence
            if sentence:
                self._parts.banner.show_error(sentence, live.error)
        replayed = isinstance(live.source, ReplaySource)
        self._parts.banner.offer_again(live.ended and not replayed)
        over = OVER_REPLAY if replayed else OVER
        self._parts.display.say_over(over if live.ended else "")
        self._parts.transport.set_able(not (live.ended and live.error is not None))
        warnings = [*filter(None, (self._unused,)), *live.warnings]
        warnings += self._results[-1].warnings if self._results else ()
        self._parts.banner.show_warning("  ".join(dict.fromkeys(warnings)))

    def _show_numbers(self, live: LiveSession) -> None:
        status = live.status()
        line = self._parts.status_line
        line.show_field("camera", f"camera {status.camera_fps:.1f} fps")
        if status.provider is not None:
            line.show_field("refocus", f"refocus {status.refocus_fps:.1f} fps")
            line.show_field("latency", f"latency {_ms(status.latency_ms)}")
            line.show_field("skipped", f"skipped for view {status.skipped_for_view}")
            line.show_field("provider", f"runs on {status.provider}", tip=status.reason)
        line.show_field("lost", *lost_text(status))
        line.show_field("channels", *pace_text(status.channels))
        display = self._parts.display
        self._parts.channel_bar.show_colours(
            {name: display.channel_colour(name) for name in live.channels}
        )
        line.show_field("focus", *focus_text(status.focus))
        self._parts.record.show(status)
        self._parts.transport.update()

    def _show_names(self) -> None:
        line, live = self._parts.status_line, self._live
        for field in ("camera", "channels", "refocus", "latency", "skipped", "lost", "focus"):
            line.show_field(field, "")
        line.show_field("source", "")
        if live is None or live.engine is None:
            line.show_field("provider", "")
        else:
            line.show_field("provider", f"runs on {live.engine.provider}", tip=live.engine.reason)
        if live is not None:
            line.show_field("source", live.source.info.origin)


def lost_text(status: LiveStatus) -> tuple[str, str]:
    """Text and role: red as soon as one frame is lost, comes twice or out of its order."""
    odd = {"twice": status.duplicated, "out of order": status.out_of_order}
    parts = [f"lost {status.lost}", *(f"{name} {count}" for name, count in odd.items() if count)]
    return ", ".join(parts), "alarm" if status.lost or any(odd.values()) else "dim"


def pace_text(pace: ChannelPace | None) -> tuple[str, str]:
    """Rounds through the channels a second, and what limits them."""
    if pace is None or pace.frames_hz <= 0:
        return "", "dim"
    return f"{pace.cycle_hz:.2f} rounds/s, limit: {pace.limited_by}", "dim"


def focus_text(focus: LockStatus | None) -> tuple[str, str]:
    """Text and role of the focus lock: amber once it has given up."""
    if focus is None or focus.state == "off":
        return "", "dim"
    if focus.state == "stopped":
        return "focus lock stopped", "caution"
    if focus.error_um is None:
        return "focus locking …", "dim"
    return f"focus held, {signed(focus.error_um, 2)} µm", "dim"


def planes_of(live: LiveSession | None) -> tuple[float, ...]:
    """Refocus distances that all models of a session know, µm; none without a model."""
    if live is None or live.engine is None:
        return ()
    low, high = common_range_um(live.engine, *live.engines.values())
    return tuple(z for z in live.engine.bundle.facts.z_planes_um if low <= z <= high)


def _same(some: Sequence[object], others: Sequence[object]) -> bool:
    """Whether both are the very same things: one channel's may be new where another's is not."""
    return [id(one) for one in some] == [id(other) for other in others]


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"
