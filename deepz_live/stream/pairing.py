"""Matching by time what several channels saw one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from deepz_live.stream.frame import Frame
from deepz_live.stream.slots import LatestSlot

T = TypeVar("T")

TOLERANCE_S = 1.0
"""Items further apart than this are not of one moment."""
_WAITING = 16


class Pairing(Generic[T]):
    """Makes sets of one item a channel, each item used once; not shared by threads.

    A set is complete as soon as every channel has an item not used yet. Of several, those nearest
    in time to the item that completes it are taken; older ones will never fit and are given up.
    """

    def __init__(self, channels: Sequence[str], tolerance_s: float = TOLERANCE_S) -> None:
        if len(set(channels)) != len(channels) or not channels:
            raise ValueError(f"Channels {list(channels)} cannot be matched; give different names.")
        self.channels = tuple(channels)
        self._tolerance_s = tolerance_s
        self._waiting: dict[str, deque[tuple[float, T]]] = {
            name: deque(maxlen=_WAITING) for name in self.channels
        }
        self._added = self._paired = 0

    @property
    def unpaired(self) -> int:
        """Items that are in no set: given up, of an unknown channel, or still waiting."""
        return self._added - self._paired

    def add(self, channel: str, time_s: float, item: T) -> tuple[T, ...] | None:
        """Add an item; returns the set that it completes, in the order of the channels.

        Times of one channel ascend. An item of a channel that is not asked for is ignored.
        """
        self._added += 1
        if channel not in self._waiting:
            return None
        self._waiting[channel].append((time_s, item))
        chosen = [self._nearest(name, time_s) for name in self.channels]
        if any(place is None for place in chosen):
            return None
        found: list[T] = []
        for name, place in zip(self.channels, chosen, strict=True):
            queue = self._waiting[name]
            for _ in range(place or 0):
                queue.popleft()
            found.append(queue.popleft()[1])
        self._paired += len(found)
        return tuple(found)

    def _nearest(self, channel: str, time_s: float) -> int | None:
        """Place of the waiting item nearest to ``time_s``; None where none is near enough."""
        gaps = [abs(at_s - time_s) for at_s, _ in self._waiting[channel]]
        if not gaps or min(gaps) > self._tolerance_s:
            return None
        return gaps.index(min(gaps))


class PairedSlot:
    """Holds the newest matched set of frames between one producer and one consumer.

    Queue policy: overwrite. The consumer gets the frames of one set one after the other and then
    those of the newest one: what is shown together was captured together, however slow the
    consumer is. What it does not get counts as skipped.
    """

    def __init__(self, channels: Sequence[str], tolerance_s: float = TOLERANCE_S) -> None:
        self._pairing: Pairing[Frame] = Pairing(channels, tolerance_s)
        self._sets: LatestSlot[tuple[Frame, ...]] = LatestSlot()
        self._at_work: deque[Frame] = deque()

    def put(self, frame: Frame) -> None:
        """Match ``frame``; a complete set takes the place of an older one. Never waits."""
        if self._sets.closed:
            return
        complete = self._pairing.add(frame.channel, frame.time_s, frame)
        if complete is not None:
            self._sets.put(complete)

    def get(self, timeout_s: float | None = None) -> Frame | None:
        """The next frame of the set at work, else the first of the newest one.

        Waits up to ``timeout_s`` (None: until there is one). None when none came in time, or when
        the slot is closed and empty.
        """
        if not self._at_work:
            self._at_work.extend(self._sets.get(timeout_s) or ())
        return self._at_work.popleft() if self._at_work else None

    def close(self) -> None:
        """Wake whoever waits; harmless when called twice."""
        self._sets.close()

    @property
    def closed(self) -> bool:
        """True after :meth:`close`."""
        return self._sets.closed

    @property
    def skipped(self) -> int:
        """Frames that were overwritten, or found no partner."""
        return self._sets.skipped * len(self._pairing.channels) + self._pairing.unpaired
