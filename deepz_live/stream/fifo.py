"""A bounded queue that makes its producer wait: for consumers that may skip nothing."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class BlockingFifo(Generic[T]):
    """First in, first out, at most ``capacity`` items.

    Queue policy: wait. ``put`` waits for room, so the producer goes at the consumer's pace and
    nothing is lost. Meant for a recorded stream; a camera cannot wait.
    """

    def __init__(self, capacity: int = 4) -> None:
        if capacity < 1:
            raise ValueError(f"A queue of {capacity} items holds nothing; give at least 1.")
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._closed = False

    def put(self, item: T, timeout_s: float | None = None) -> bool:
        """Append ``item``, waiting for room up to ``timeout_s`` (None: as long as it takes).

        Returns False, and does not take the item, when no room came in time or the queue is
        closed.
        """
        with self._changed:
            self._changed.wait_for(self._has_room_or_closed, timeout_s)
            if self._closed or len(self._items) >= self._capacity:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def get(self, timeout_s: float | None = None) -> T | None:
        """Take the oldest item, waiting up to ``timeout_s`` (None: until there is one).

        Returns None when none came in time, or when the queue is closed and empty: what was
        put before it was closed is still handed out.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout_s)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Take no more items and wake whoever waits; harmless when called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """True after :meth:`close`."""
        return self._closed

    def __len__(self) -> int:
        return len(self._items)

    def _has_room_or_closed(self) -> bool:
        return self._closed or len(self._items) < self._capacity
