"""What waits to be written: bounded by bytes, counting what it refuses."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from deepz_live.session.index_gaps import GapLog
from deepz_live.session.manifest import Cause, Gap
from deepz_live.stream.frame import Frame


@dataclass(frozen=True, slots=True)
class Line:
    """A line for one of the journals."""

    journal: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """Frames ``offered``, ``written``, ``dropped``; bytes ``queued`` and ``bytes_written``.

    ``out_of_order``: frames offered after one with the same or a higher index.
    """

    offered: int
    written: int
    dropped: int
    queued: int
    bytes_written: int
    out_of_order: int = 0


class WriteQueue:
    """Frames and lines on their way from many threads to the one that writes.

    Queue policy: refuse. A frame that does not fit is dropped and counted with its index; lines
    are always taken, because they are tiny.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._changed = threading.Condition()
        self._items: deque[Frame | Line] = deque()
        self._gaps = GapLog()
        self._offered = self._written = self._dropped = 0
        self._queued = self._bytes_written = 0
        self._failed = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """True after :meth:`close`."""
        return self._closed

    def add_frame(self, frame: Frame) -> bool:
        """Take ``frame``, or drop it and count it; never waits. False: there was no room.

        After :meth:`close` nothing is taken or counted any more.
        """
        with self._changed:
            if self._closed:
                return True
            self._offered += 1
            self._gaps.saw(frame.index)
            if self._failed:
                self._drop(frame, "write error")
                return True
            # A frame larger than the whole queue is still taken by an empty one.
            if self._items and self._queued + frame.pixels.nbytes > self._capacity:
                self._drop(frame, "queue full")
                return False
            self._append(frame)
            return True

    def add_line(self, line: Line) -> None:
        """Take ``line``; ignored after :meth:`fail` or :meth:`close`."""
        with self._changed:
            if not self._failed and not self._closed:
                self._append(line)

    def head(self) -> Frame | Line | None:
        """Wait for the oldest item, which stays until :meth:`done`; None: closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed)
            return self._items[0] if self._items else None

    def done(self) -> None:
        """The oldest item is written."""
        with self._changed:
            item = self._items.popleft()
            self._queued -= _size(item)
            if isinstance(item, Frame):
                self._written += 1
                self._bytes_written += _size(item)

    def fail(self) -> None:
        """Nothing can be written any more: what waits, and what still comes, is dropped."""
        with self._changed:
            self._failed = True
            for item in self._items:
                if isinstance(item, Frame):
                    self._drop(item, "write error")
            self._items.clear()
            self._queued = 0

    def close(self) -> None:
        """Nothing more will come; harmless when called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_closed(self) -> None:
        """Wait for :meth:`close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed)

    def counts(self) -> Counts:
        """Numbers of this moment."""
        with self._changed:
            return Counts(
                self._offered,
                self._written,
                self._dropped,
                self._queued,
                self._bytes_written,
                self._gaps.out_of_order,
            )

    def gaps(self) -> tuple[Gap, ...]:
        """Which indices are missing so far, and why."""
        with self._changed:
            return self._gaps.ranges()

    def _append(self, item: Frame | Line) -> None:
        self._items.append(item)
        self._queued += _size(item)
        self._changed.notify_all()

    def _drop(self, frame: Frame, cause: Cause) -> None:
        self._dropped += 1
        self._gaps.dropped(frame.index, cause)


def _size(item: Frame | Line) -> int:
    """What an item counts: a line never takes a frame's room."""
    return item.pixels.nbytes if isinstance(item, Frame) else 0
