"""Keeps an eye on the frames of a live session: now and then one is looked at closely."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from deepz_live.app.trust.distance import judge_distance
from deepz_live.app.trust.likeness import Likeness, compare_frame, judge_likeness
from deepz_live.app.trust.reason import Level, Reason, worst
from deepz_live.app.trust.round_trip import (
    RoundTrip,
    can_return,
    judge_round_trip,
    round_trip,
    trip_um,
)
from deepz_live.config import Optics
from deepz_live.image.dpm import Surface, SurfaceError
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.cuts import Cut, PlaneCut, SurfaceCut
from deepz_live.refocus.engine import Engine
from deepz_live.refocus.questions import Snapshot
from deepz_live.stream.frame import StreamInfo
from deepz_live.stream.source import FrameSource

T = TypeVar("T")

EVERY_S = 5.0
SHARE = 0.05
"""Looking closely takes at most this share of the refocus thread's time."""
COARSE_PX = 32


class Watched(Protocol):
    """What is needed of a live session."""

    source: FrameSource
    engine: Engine | None
    engines: dict[str, Engine]

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that take turns; empty where there is but one."""

    def ask(self, work: Callable[[Snapshot], T], channel: str | None = None) -> Future[T]:
        """Call ``work`` with the newest virtual stack, on the refocus thread."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What one frame told: likeness, round trip, where the drift reference lies in it."""

    channel: str
    likeness: Likeness
    trip: RoundTrip | None
    shift_um: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Badge:
    """Level of a pane (the worst of its reasons; None: nothing is known) and its reasons."""

    level: Level | None
    reasons: tuple[Reason, ...]

    @property
    def text(self) -> str:
        """All reasons, a line each."""
        return "\n".join(reason.text for reason in self.reasons)


class TrustWatch:
    """The four reasons for every plane. All calls belong to one thread; nothing waits.

    The network runs twice for a look, so that one is taken every 5 s at most, never while another
    is under way, and so seldom that it takes 5 % of the time at most. Of several channels each has
    its turn.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.use(None)

    def use(self, live: Watched | None, optics: Optics | None = None) -> None:
        """Another session, or none; ``optics`` are the microscope's, None where not known."""
        self._live, self._optics = live, optics
        self._probes: dict[str, Probe] = {}
        self._spot: Reason | None = None
        self._spot_channel = ""
        self._asked: Future[Probe] | None = None
        self._turn = 0
        self._due_s = self._clock()
        self._extent: tuple[Surface, tuple[float, float]] | None = None

    def look(self) -> Future[Probe] | None:
        """Ask for a look where it is time; hand the result to :meth:`take`."""
        live = self._live
        busy = self._asked is not None and not self._asked.done()
        if live is None or live.engine is None or busy or self._clock() < self._due_s:
            return None
        channels = live.channels
        channel = channels[self._turn % len(channels)] if channels else None
        self._turn += 1
        self._due_s = self._clock() + EVERY_S
        info, optics = live.source.info, self._optics
        self._asked = live.ask(lambda snapshot: probe(snapshot, info, optics), channel)
        return self._asked

    def take(self, found: Probe) -> None:
        """Keep what a look found."""
        self._probes[found.channel] = found
        self._due_s = max(self._due_s, self._clock() + found.seconds / SHARE)

    def spot_checked(self, verdict: Reason, channel: str) -> None:
        """The last spot check counts from now on."""
        self._spot, self._spot_channel = verdict, channel

    def badge(self, cut: Cut, channel: str = "", *, compensated: bool = False) -> Badge | None:
        """Of one pane; None without a model."""
        live = self._live
        if live is None or live.engine is None:
            return None
        bundle = live.engines.get(channel, live.engine).bundle
        found = self._probes.get(channel or live.source.info.channel)
        shift_um = found.shift_um if compensated and found is not None else 0.0
        reasons = (
            judge_distance(bundle.facts, *self._reach(cut, bundle, shift_um)),
            judge_likeness(found.likeness if found is not None else None),
            judge_round_trip(bundle.facts, found.trip if found is not None else None),
            self._spot_of(channel),
        )
        return Badge(worst(reason.level for reason in reasons), reasons)

    def _spot_of(self, channel: str) -> Reason:
        if self._spot is not None and self._spot_channel in ("", channel):
            return self._spot
        return Reason("spot check", None, "The stage has not been asked yet: make a spot check.")

    def _reach(self, cut: Cut, bundle: Bundle, shift_um: float) -> tuple[float, float]:
        """Smallest and largest refocus distance that a cut is made of."""
        if isinstance(cut, PlaneCut):
            return cut.depth_um + shift_um, cut.depth_um + shift_um
        if isinstance(cut, SurfaceCut):
            low, high = self._extent_of(cut.surface)
            raised = cut.offset_um + shift_um
            return low + raised, high + raised
        return bundle.facts.z_range_um

    def _extent_of(self, surface: Surface) -> tuple[float, float]:
        if self._extent is None or self._extent[0] is not surface:
            info = self._live.source.info if self._live is not None else None
            extent = extent_um(surface, info) if info is not None else (0.0, 0.0)
            self._extent = (surface, extent)
        return self._extent[1]


def probe(snapshot: Snapshot, info: StreamInfo, optics: Optics | None) -> Probe:
    """Look closely at one frame; on the refocus thread."""
    begin = time.perf_counter()
    frame, engine = snapshot.frame, snapshot.engine
    if info.channels:
        info = replace(info, channel=frame.channel, exposure_ms=frame.exposure_ms)
    likeness = compare_frame(engine.bundle, frame, info, optics)
    trip = None
    facts = engine.bundle.facts
    if can_return(facts):
        dz_um = trip_um(facts)
        away = snapshot.stack.planes((-dz_um, dz_um))
        trip = round_trip(engine, frame.pixels, away, dz_um)
    seconds = time.perf_counter() - begin
    return Probe(frame.channel, likeness, trip, snapshot.shift.dz_um, seconds)


def extent_um(surface: Surface, info: StreamInfo) -> tuple[float, float]:
    """Lowest and highest of a surface over the field, from a coarse grid where it has a formula."""
    height, width = info.shape
    step = max(1, -(-max(height, width) // COARSE_PX))
    coarse = (-(-height // step), -(-width // step))
    try:
        dpm = surface.dpm(coarse, info.pixel_size_um * step)
    except SurfaceError:
        dpm = surface.dpm(info.shape, info.pixel_size_um)
    return float(np.min(dpm)), float(np.max(dpm))
