"""Brings what was written from the system's memory to the disk, beside the writing.

A write returns once the system has the bytes: they survive the end of this process, not a power
cut, and the disk has yet to keep up with them. Waiting for it on a thread of its own keeps the
disk busy all the time, tells of disks that refuse only then, and leaves little to do at the end.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import IO

Sync = Callable[[int], None]


def sync_file(descriptor: int) -> None:
    """Wait until the content of an open file is on the disk; raises OSError."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


class Syncer:
    """A thread that syncs files in the order in which they are given, and closes finished ones.

    Queue policy: unbounded; holds files, not their content. After a failure files are only
    closed. ``sync`` is injected by tests.
    """

    def __init__(self, sync: Sync = sync_file) -> None:
        self._sync = sync
        self._files: queue.SimpleQueue[tuple[IO[bytes], bool] | None] = queue.SimpleQueue()
        self._error: OSError | None = None
        self._thread: threading.Thread | None = None

    @property
    def error(self) -> OSError | None:
        """Why the disk did not take something, or None."""
        return self._error

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="session-syncer", daemon=True)
        self._thread.start()

    def later(self, file: IO[bytes], *, close: bool = False) -> None:
        """Sync ``file`` soon; with ``close`` it is handed over and closed after that."""
        self._files.put((file, close))

    def finish(self) -> None:
        """Wait until all is on the disk; harmless when called twice. Raises OSError if not."""
        if self._thread is not None:
            self._files.put(None)
            self._thread.join()
            self._thread = None
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (item := self._files.get()) is not None:
            file, close = item
            try:
                if self._error is None:
                    self._sync(file.fileno())
            except OSError as error:
                self._error = error
            finally:
                if close:
                    self._close(file)

    def _close(self, file: IO[bytes]) -> None:
        try:
            file.close()
        except OSError as error:
            self._error = self._error or error
