"""Recording: a sink with a bounded queue and a thread of its own that writes a session folder."""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from deepz_live.session.errors import SessionError
from deepz_live.session.files import FileOpener, open_file, to_json
from deepz_live.session.index_gaps import GapLog
from deepz_live.session.manifest import EVENTS, RESULTS, Cause, Manifest, info_at_rest
from deepz_live.session.recording import Recording
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.statistics import Clock

DEFAULT_CAPACITY_BYTES = 512 * 1024 * 1024
_DISK_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class WriterStats:
    """A snapshot of a recording.

    Attributes
    ----------
    offered, written, dropped
        Frames; ``offered == written + dropped`` plus the frames among ``queued``.
    queued, queue_capacity
        Bytes waiting, and how many may wait.
    bytes_written
        Bytes of pixels on disk.
    free_bytes
        Free on the disk, as of the last second.
    elapsed_s
        Since the start, until the stop.
    """

    offered: int
    written: int
    dropped: int
    queued: int
    queue_capacity: int
    bytes_written: int
    free_bytes: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class _Line:
    journal: str
    content: bytes


class SessionWriter:
    """A :class:`~deepz_live.stream.sink.FrameSink` that records every frame.

    Queue policy: bounded by bytes; what does not fit is dropped, counted, listed as a gap in the
    manifest, and said in ``error``. After an error of the disk no more frames are taken; what was
    written stays readable and the manifest says why it ended.

    Parameters
    ----------
    folder
        Made by :meth:`start`; must not exist or be empty.
    info
        Facts of the stream; the frames must match them.
    settings, bundle
        For the manifest: anything JSON can hold.
    clock, now, opener, capacity_bytes
        Injected by tests.
    """

    def __init__(
        self,
        folder: Path,
        info: StreamInfo,
        *,
        settings: dict[str, Any],
        bundle: dict[str, Any] | None,
        capacity_bytes: int = DEFAULT_CAPACITY_BYTES,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        opener: FileOpener = open_file,
    ) -> None:
        self.folder = Path(folder)
        self._info = info
        self._settings = settings
        self._bundle = bundle
        self._capacity = capacity_bytes
        self._clock = clock
        self._now = now
        self._opener = opener
        self._changed = threading.Condition()
        self._queue: deque[tuple[Frame | _Line, int]] = deque()
        self._queued_bytes = 0
        self._offered = 0
        self._dropped = 0
        self._written = 0
        self._bytes_written = 0
        self._free_bytes = 0
        self._gaps = GapLog()
        self._accepting = False
        self._failed = False
        self._stopping = False
        self._error: Exception | None = None
        self._end_error: str | None = None
        self._started_at = 0.0
        self._stopped_at: float | None = None
        self._disk_seen_at = float("-inf")
        self._thread: threading.Thread | None = None
        self._recording: Recording | None = None

    @property
    def error(self) -> Exception | None:
        """What the operator must know: frames dropped, or the disk failed; else None."""
        return self._error

    def start(self) -> None:
        """Make the folder and begin to write.

        Raises
        ------
        SessionError
            The folder is in use, cannot be written to, or the writer was started before.
        """
        if self._thread is not None:
            raise SessionError(f"The recording {self.folder} was started already; make a new one.")
        manifest = Manifest(
            software=f"deepz-live {_software_version()}",
            started_utc=self._now().isoformat(),
            info=info_at_rest(self._info),
            settings=self._settings,
            bundle=self._bundle,
        )
        recording = Recording(self.folder, manifest, self._opener)
        try:
            recording.create()
        except OSError as error:
            raise SessionError(
                f"Cannot record into {self.folder}: {error.strerror or error}; "
                "choose a folder that can be written to on a disk with room."
            ) from error
        self._recording = recording
        self._started_at = self._clock()
        self._look_at_disk()
        self._accepting = True
        self._thread = threading.Thread(
            target=self._run, args=(recording,), name="session-writer", daemon=True
        )
        self._thread.start()

    def offer(self, frame: Frame) -> None:
        """Queue ``frame`` for writing; dropped and counted where there is no room."""
        with self._changed:
            if self._stopped_at is not None or self._thread is None or self._stopping:
                return
            self._offered += 1
            self._gaps.saw(frame.index)
            if not self._accepting:
                self._drop(frame.index, "write error")
            elif not self._enqueue(frame, frame.pixels.nbytes):
                self._drop(frame.index, "queue full")
                self._error = SessionError(
                    f"Recording lost {self._dropped} frames: {self._queued_bytes >> 20} MB wait "
                    f"for the disk of {self.folder}, which is slower than the camera; record to a "
                    "faster disk, or lower the frame rate or the region."
                )

    def event(self, kind: str, **facts: Any) -> None:
        """Note that something happened, e.g. ``event("stage", z_um=3.0)``."""
        self._add_line(EVENTS, {"time_s": self._clock(), "kind": kind, **facts})

    def result(self, index: int, **facts: Any) -> None:
        """Note what was computed from frame ``index``, e.g. its digest and drift."""
        self._add_line(RESULTS, {"index": index, **facts})

    def stop(self, timeout_s: float = 30.0, *, error: Exception | None = None) -> None:
        """Write what is queued and close the session; harmless when called twice.

        Parameters
        ----------
        error
            Why the stream broke, where it did; the manifest says so.

        Raises
        ------
        SessionError
            The disk needs longer than ``timeout_s``; call again to wait on.
        """
        if self._thread is None:
            return
        with self._changed:
            if not self._stopping:
                self._stopping = True
                self._end_error = str(error) if error is not None else None
            self._changed.notify_all()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise SessionError(
                f"The recording {self.folder} is still being written after {timeout_s:g} s "
                f"({self._queued_bytes >> 20} MB to go); leave the program open and stop again."
            )

    def stats(self) -> WriterStats:
        """Numbers so far; callable from any thread at any time."""
        with self._changed:
            until = self._clock() if self._stopped_at is None else self._stopped_at
            return WriterStats(
                offered=self._offered,
                written=self._written,
                dropped=self._dropped,
                queued=self._queued_bytes,
                queue_capacity=self._capacity,
                bytes_written=self._bytes_written,
                free_bytes=self._free_bytes,
                elapsed_s=until - self._started_at if self._thread is not None else 0.0,
            )

    # On any thread, holding the condition.

    def _enqueue(self, item: Frame | _Line, size: int) -> bool:
        # Lines are always taken: they are tiny. So is a frame larger than the whole queue.
        full = self._queued_bytes + size > self._capacity
        if full and self._queue and isinstance(item, Frame):
            return False
        self._queue.append((item, size))
        self._queued_bytes += size
        self._changed.notify()
        return True

    def _drop(self, index: int, cause: Cause) -> None:
        self._dropped += 1
        self._gaps.dropped(index, cause)

    def _add_line(self, journal: str, facts: dict[str, Any]) -> None:
        line = _Line(journal, to_json(facts))
        with self._changed:
            if self._accepting and not self._stopping:
                self._enqueue(line, len(line.content))

    # On the writer's thread.

    def _run(self, recording: Recording) -> None:
        try:
            self._drain(recording)
        except Exception as error:
            # Whatever it is, the operator hears of it and the session is closed in order.
            self._fail(error)
            self._note_failure(recording)
            self._wait_for_stop()
        self._close(recording)

    def _drain(self, recording: Recording) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopping)
                if not self._queue:
                    return
                item, size = self._queue[0]
            if isinstance(item, _Line):
                recording.append_line(item.journal, item.content)
            else:
                recording.append_frame(item)
            with self._changed:
                self._queue.popleft()
                self._queued_bytes -= size
                if isinstance(item, Frame):
                    self._written += 1
                    self._bytes_written += size
            self._look_at_disk()

    def _fail(self, error: Exception) -> None:
        """The disk failed, or a frame did not fit: take no more."""
        reason = str(error)
        if isinstance(error, OSError):
            reason = f"{error.strerror or error}; free some room or record to another disk"
        with self._changed:
            self._accepting = False
            self._failed = True
            for item, _ in self._queue:
                if isinstance(item, Frame):
                    self._drop(item.index, "write error")
            self._queue.clear()
            self._queued_bytes = 0
            self._error = SessionError(
                f"Recording into {self.folder} ended after {self._written} frames, which stay "
                f"readable: {reason}."
            )

    def _note_failure(self, recording: Recording) -> None:
        try:
            recording.release_reserve()
            recording.note(**self._end_facts())
        except OSError:
            # Not even the reserve sufficed: the manifest of the start remains, which says that
            # the session was not closed; the operator has the error on the screen.
            return

    def _wait_for_stop(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping)

    def _close(self, recording: Recording) -> None:
        try:
            recording.close(**self._end_facts())
        except OSError as error:
            self._error = self._error or SessionError(
                f"The recording {self.folder} could not be closed: {error.strerror or error}; "
                "its frames stay readable, free some room on the disk."
            )
        with self._changed:
            self._stopped_at = self._clock()

    def _end_facts(self) -> dict[str, Any]:
        with self._changed:
            message = self._end_error or (str(self._error) if self._error is not None else None)
            return {
                "frames": self._written,
                "dropped": self._dropped,
                "gaps": self._gaps.ranges(),
                "end": "error" if self._failed or self._end_error else "stopped",
                "error": message,
            }

    def _look_at_disk(self) -> None:
        now = self._clock()
        if now - self._disk_seen_at >= _DISK_LOOK_S:
            self._disk_seen_at = now
            self._free_bytes = shutil.disk_usage(self.folder).free


def _software_version() -> str:
    try:
        return version("deepz-live")
    except PackageNotFoundError:
        return "(not installed)"
