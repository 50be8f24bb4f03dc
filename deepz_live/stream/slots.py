"""A place for one item: the newest wins, and what nobody fetched in time is counted."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Holds the newest item between one producer and one consumer.

    Queue policy: overwrite. ``put`` never waits; an item overwritten before it was fetched
    counts as skipped.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self._skipped = 0

    def put(self, item: T) -> None:
        """Store ``item`` in place of an older one; after :meth:`close` it is ignored."""
        with self._changed:
            if self._closed:
                return
            if self._item is not None:
                self._skipped += 1
            self._item = item
            self._changed.notify()

    def get(self, timeout_s: float | None = None) -> T | None:
        """Take the newest item, waiting up to ``timeout_s`` (None: until there is one).

        Returns None when none came in time, or when the slot is closed and empty: an item
        stored before the slot was closed can still be fetched.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Wake whoever waits; harmless when called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """True after :meth:`close`."""
        return self._closed

    @property
    def skipped(self) -> int:
        """Items that were overwritten before anyone fetched them."""
        return self._skipped
