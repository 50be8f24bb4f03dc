"""Numbers about a running stream, cheap enough to be kept for every frame."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np

Clock = Callable[[], float]
"""Seconds on a monotonic clock, e.g. ``time.monotonic``."""


class RateMeter:
    """Events per second over a sliding window; may be read from any thread."""

    def __init__(self, clock: Clock, window_s: float = 2.0) -> None:
        self._clock = clock
        self._window_s = window_s
        self._lock = threading.Lock()
        self._times: deque[float] = deque()
        self._count = 0

    def tick(self) -> float:
        """Count one event, now; returns when that is.

        A clock that is set back begins the window anew.
        """
        with self._lock:
            now = self._clock()
            if self._times and now < self._times[-1]:
                self._times.clear()
            self._times.append(now)
            self._count += 1
            self._forget(now)
            return now

    @property
    def count(self) -> int:
        """All events so far."""
        return self._count

    def rate_hz(self) -> float:
        """Intervals between the events of the window per second; 0 with fewer than two events.

        When events stop, the rate falls with the time since the last one and is 0 once the
        window holds fewer than two.
        """
        with self._lock:
            now = self._clock()
            self._forget(now)
            if len(self._times) < 2:
                return 0.0
            intervals = len(self._times) - 1
            between = self._times[-1] - self._times[0]
            # One interval of silence is normal; only what exceeds it slows the rate.
            silence = max(0.0, now - self._times[-1] - between / intervals)
            span = between + silence
            return intervals / span if span > 0 else 0.0

    def _forget(self, now: float) -> None:
        while self._times and self._times[0] < now - self._window_s:
            self._times.popleft()


class LatencyMeter:
    """Percentiles over the last ``size`` latencies; may be read from any thread."""

    def __init__(self, size: int = 500) -> None:
        self._lock = threading.Lock()
        self._latencies_s = np.zeros(size)
        self._count = 0

    def add(self, latency_s: float) -> None:
        """Note one latency, seconds."""
        with self._lock:
            self._latencies_s[self._count % len(self._latencies_s)] = latency_s
            self._count += 1

    def percentile_ms(self, percent: float) -> float | None:
        """The percentile in milliseconds; None before the first latency."""
        with self._lock:
            values = self._latencies_s[: self._count].copy()
        return float(np.percentile(values, percent)) * 1000.0 if values.size else None
