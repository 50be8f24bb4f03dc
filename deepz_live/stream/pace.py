"""How fast channels follow one another, and what holds them up."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Literal, Protocol, runtime_checkable

from deepz_live.stream.statistics import Clock, RateMeter

_KEPT = 60
RATE_WINDOW_S = 10.0

Limit = Literal["exposure", "switching", "read-out"]


@dataclass(frozen=True, slots=True)
class ChannelPace:
    """A snapshot; times are medians a frame over the last ones.

    Attributes
    ----------
    channels
        In the order in which they are taken.
    frames_hz
        Frames a second, all channels together, over the last 10 s.
    exposure_s, switching_s, readout_s
        Where the time of a frame goes: light on the camera; waiting for filters and stages;
        the rest of the snap (shutter, read-out, transfer).
    frames
        Frames taken of each channel.
    mean_hz
        Frames a second since the end of the first round, in which devices and caches warm up.
    """

    channels: tuple[str, ...]
    frames_hz: float
    exposure_s: float
    switching_s: float
    readout_s: float
    frames: tuple[int, ...]
    mean_hz: float = 0.0

    @property
    def cycle_hz(self) -> float:
        """Rounds through all channels a second."""
        return self.frames_hz / len(self.channels)

    @property
    def limited_by(self) -> Limit:
        """What most of the time goes to."""
        parts: dict[Limit, float] = {
            "exposure": self.exposure_s,
            "switching": self.switching_s,
            "read-out": self.readout_s,
        }
        return max(parts, key=lambda name: parts[name])


@runtime_checkable
class Paced(Protocol):
    """A source that takes several channels and knows where its time goes."""

    @property
    def pace(self) -> ChannelPace:
        """Numbers of this moment."""


class PaceMeter:
    """Keeps the times of the last frames; may be read from any thread."""

    def __init__(self, channels: tuple[str, ...], clock: Clock) -> None:
        self._channels = channels
        self._rate = RateMeter(clock, RATE_WINDOW_S)
        self._lock = threading.Lock()
        self._parts: deque[tuple[float, float, float]] = deque(maxlen=_KEPT)
        self._frames = dict.fromkeys(channels, 0)
        self._clock = clock
        self._warm: tuple[int, float] | None = None
        self._last_s = 0.0

    def add(self, channel: str, exposure_s: float, switching_s: float, readout_s: float) -> None:
        """Note one frame."""
        self._rate.tick()
        with self._lock:
            self._frames[channel] += 1
            self._parts.append((exposure_s, switching_s, readout_s))
            self._last_s = self._clock()
            if self._warm is None and self._rate.count >= len(self._channels):
                self._warm = (self._rate.count, self._last_s)

    def snapshot(self) -> ChannelPace:
        """Numbers of this moment."""
        with self._lock:
            columns = list(zip(*self._parts, strict=True)) or [(0.0,)] * 3
            frames = tuple(self._frames.values())
            mean_hz = self._mean_hz()
        exposure_s, switching_s, readout_s = (float(median(column)) for column in columns)
        return ChannelPace(
            self._channels,
            self._rate.rate_hz(),
            exposure_s,
            switching_s,
            readout_s,
            frames,
            mean_hz,
        )

    def _mean_hz(self) -> float:
        if self._warm is None or self._last_s <= self._warm[1]:
            return 0.0
        return (self._rate.count - self._warm[0]) / (self._last_s - self._warm[1])
