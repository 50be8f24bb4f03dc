"""Frames at rest as a frame source: the same pipeline sees what the camera saw."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from deepz_live.session.frame_series import FrameSeries
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.statistics import Clock

_NAP_S = 0.02
"""Longest sleep in one piece: pause, seek and stop take effect within it."""
_ROUND = 64
"""Frames of the other channels that lie further away are not looked for."""
_LONGEST_STEP_S = 60.0
"""A longer step between two frames, or one back, is a clock that was set, and is not waited for."""


class ReplaySource:
    """Delivers the frames of a session, or of an image file, with their own indices and times.

    Parameters
    ----------
    series
        What is played.
    speed
        1 keeps the original pace, 2 is twice as fast; None delivers as fast as it is read.
    hold_at_end
        True: after the last frame it waits, so that an operator can seek back, until
        :meth:`stop`. False: it is ``finished``.
    clock, sleep
        Seconds; injected by tests.

    ``read`` is for the pump's thread; everything else may be called from any thread.
    """

    def __init__(
        self,
        series: FrameSeries,
        *,
        speed: float | None = 1.0,
        hold_at_end: bool = False,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.series = series
        self._speed = _checked(speed)
        self._hold_at_end = hold_at_end
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = 0
        self._shown = 0
        self._loop = False
        self._span = (0, max(len(series) - 1, 0))
        self._anchor: tuple[float, float] | None = None
        self._paused = False
        self._sought: deque[int] = deque()
        self._seeks = 0
        self._jumps = 0
        self._began = self._stopped = False

    def __len__(self) -> int:
        return len(self.series)

    @property
    def info(self) -> StreamInfo:
        """The facts of the recorded stream; ``origin`` names the session."""
        return self.series.info

    @property
    def lost(self) -> int:
        """0: a replay loses nothing. Gaps of the recording show in the indices."""
        return 0

    @property
    def finished(self) -> bool:
        """True when the last frame was delivered, or after :meth:`stop`."""
        with self._lock:
            return self._stopped or (self._is_over() and not self._hold_at_end)

    @property
    def position(self) -> int:
        """Which frame of the session was delivered last, or was sought; from 0."""
        return self._shown

    @property
    def paused(self) -> bool:
        """True between :meth:`pause` and :meth:`resume`."""
        return self._paused

    @property
    def speed(self) -> float | None:
        """Pace relative to the recording; None: as fast as frames are read."""
        return self._speed

    @speed.setter
    def speed(self, speed: float | None) -> None:
        with self._lock:
            self._speed = _checked(speed)
            self._anchor = None

    @property
    def loop(self) -> bool:
        """Whether it begins anew at the end of the range."""
        return self._loop

    @loop.setter
    def loop(self, on: bool) -> None:
        with self._lock:
            self._loop = on
            self._anchor = None

    @property
    def span(self) -> tuple[int, int]:
        """First and last frame that are played, from A to B; at first all."""
        return self._span

    @span.setter
    def span(self, ends: tuple[int, int] | None) -> None:
        """None: all. Ends are held to the series and put in order."""
        last = max(len(self.series) - 1, 0)
        low, high = sorted(min(max(end, 0), last) for end in ends or (0, last))
        with self._lock:
            self._span = (low, high)
            self._anchor = None

    @property
    def at_end(self) -> bool:
        """True where nothing follows what is shown: at B, or beyond it, and no loop."""
        with self._lock:
            return self._shown >= self._span[1] and not self._loop

    @property
    def jumps(self) -> int:
        """Seeks that took effect before the frame delivered last."""
        return self._jumps

    def start(self) -> None:
        """Deliver, again also after :meth:`stop`; the session is open already.

        Where it stands still when begun again, what is shown comes once more: whoever reads it
        now, with another model, has nothing else to show.
        """
        with self._lock:
            again = self._began and (self._paused or self._is_over())
            self._began, self._stopped = True, False
            self._anchor = None
        if again:
            self.seek(self._shown)

    def stop(self) -> None:
        """End the stream; harmless when called twice."""
        self._stopped = True
        self.series.close()

    def pause(self) -> None:
        """Deliver no more, until :meth:`resume`."""
        with self._lock:
            self._paused = True
            self._anchor = None

    def resume(self) -> None:
        """Go on with the next frame, at once."""
        with self._lock:
            self._paused = False
            self._anchor = None

    def step(self, frames: int) -> None:
        """Stand still, so many frames further; back where negative."""
        self.pause()
        self.seek(self._shown + frames)

    def seek(self, i: int) -> None:
        """Go on from frame ``i`` (held to the series); shown at once, also while paused.

        Of several channels the others' frames beside it come with it: what is shown together
        was captured together. It may lie outside the range; beyond B nothing follows it, or A
        where it loops.
        """
        i = min(max(i, 0), max(len(self.series) - 1, 0))
        round_of = self._round_of(i)
        with self._lock:
            self._next = self._shown = i
            self._anchor = None
            self._sought = deque(round_of)
            self._seeks += 1

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame when it is due, or None. Raises SessionError for a damaged frame."""
        until = self._clock() + timeout_s
        while True:
            due = self._take_due()
            if due is not None:
                return self.series.frame(due)
            left = until - self._clock()
            if left <= 0 or self.finished:
                return None
            self._sleep(min(left, self._wait_s(), _NAP_S))

    def _take_due(self) -> int | None:
        """The number of the next frame where it is due; then it counts as delivered."""
        with self._lock:
            if self._stopped or not len(self.series):
                return None
            if self._sought:
                self._jumps = self._seeks
                sought = self._sought.popleft()
                self._next = max(self._next, sought + 1)
                return sought
            if self._paused or self._is_over():
                return None
            if self._next > self._span[1]:
                self._begin_anew()
            if self._until_due_s() > 0:
                return None
            self._jumps = self._seeks
            self._shown = self._next
            self._next += 1
            return self._shown

    def _wait_s(self) -> float:
        with self._lock:
            if self._paused or self._next > self._span[1]:
                return _NAP_S
            return max(self._until_due_s(), 0.0)

    def _is_over(self) -> bool:
        """Whether nothing follows; the lock is held."""
        beyond = self._next > self._span[1] and not self._loop
        return not self._sought and (beyond or not len(self.series))

    def _round_of(self, i: int) -> list[int]:
        """Frame ``i`` and of each other channel the nearest one, before it where there is one."""
        facts = self.series.facts
        if not len(facts):
            return []
        missing = set(self.info.channels) - {facts[i].channel}
        found = [i]
        for places in (range(i - 1, -1, -1), range(i + 1, len(facts))):
            for place in places:
                if not missing or abs(place - i) > _ROUND:
                    break
                if facts[place].channel in missing:
                    missing.discard(facts[place].channel)
                    found.append(place)
        return sorted(found)

    def _begin_anew(self) -> None:
        """Jump from B to A; the lock is held."""
        self._next = self._span[0]
        self._anchor = None
        self._seeks += 1

    def _until_due_s(self) -> float:
        """Seconds until the next frame is due; the first after a jump is due at once."""
        if self._speed is None:
            return 0.0
        time_s = self.series.facts[self._next].time_s
        now = self._clock()
        if self._anchor is None or self._clock_was_set():
            self._anchor = (now, time_s)
        began_at, began_with = self._anchor
        return began_at + (time_s - began_with) / self._speed - now

    def _clock_was_set(self) -> bool:
        """Whether the recording's clock jumped between the next frame and the one before."""
        facts = self.series.facts
        if self._next == 0:
            return False
        step_s = facts[self._next].time_s - facts[self._next - 1].time_s
        return not 0 <= step_s <= _LONGEST_STEP_S


def _checked(speed: float | None) -> float | None:
    if speed is not None and not speed > 0:
        raise ValueError(f"A replay speed of {speed} moves nowhere; give a positive number or max.")
    return speed
