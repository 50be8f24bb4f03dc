"""Recording: a sink with a bounded queue and a thread of its own that writes a session folder."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from deepz_live.session.errors import SessionError
from deepz_live.session.files import FileOpener, open_file, to_json
from deepz_live.session.fill import FillWatch
from deepz_live.session.manifest import EVENTS, RESULTS, Manifest, info_at_rest
from deepz_live.session.memory import queue_bytes
from deepz_live.session.recording import Recording
from deepz_live.session.syncer import Sync, sync_file
from deepz_live.session.write_queue import Line, WriteQueue
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.statistics import Clock

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
    full_in_s
        Seconds until the queue is full, should it fill as it did last; None while it does not.
    """

    offered: int
    written: int
    dropped: int
    queued: int
    queue_capacity: int
    bytes_written: int
    free_bytes: int
    elapsed_s: float
    full_in_s: float | None = None


class SessionWriter:
    """A :class:`~deepz_live.stream.sink.FrameSink` that records every frame.

    Queue policy: bounded by bytes; what does not fit is dropped, counted, listed as a gap in the
    manifest, and said in ``error``; ``warning`` speaks up when it is half full. After an error of
    the disk no more frames are taken; what was written stays readable and the manifest says why
    it ended.

    Parameters
    ----------
    folder
        Made by :meth:`start`; must not exist or be empty.
    info
        Facts of the stream; the frames must match them.
    settings, bundle
        For the manifest: anything JSON can hold.
    capacity_bytes
        How much may wait; None takes a part of the free memory.
    clock, now, opener, sync
        Injected by tests.
    """

    def __init__(
        self,
        folder: Path,
        info: StreamInfo,
        *,
        settings: dict[str, Any],
        bundle: dict[str, Any] | None,
        capacity_bytes: int | None = None,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        opener: FileOpener = open_file,
        sync: Sync = sync_file,
    ) -> None:
        self.folder = Path(folder)
        self._info = info
        self._settings = settings
        self._bundle = bundle
        self._capacity = capacity_bytes if capacity_bytes is not None else queue_bytes()
        self._clock = clock
        self._now = now
        self._opener = opener
        self._sync = sync
        self._queue = WriteQueue(self._capacity)
        self._fill = FillWatch(self._capacity, clock)
        self._free_bytes = 0
        self._failure: SessionError | None = None
        self._losses: SessionError | None = None
        self._stream_error: Exception | None = None
        self._started_at = 0.0
        self._stopped_at: float | None = None
        self._disk_seen_at = float("-inf")
        self._thread: threading.Thread | None = None

    @property
    def error(self) -> Exception | None:
        """What the operator must know: frames dropped, or the disk failed; else None."""
        return self._failure or self._losses

    @property
    def failure(self) -> Exception | None:
        """Why nothing is written any more; None where it goes on, even if frames were lost."""
        return self._failure

    @property
    def warning(self) -> str | None:
        """A sentence while more and more frames wait for the disk and none is lost yet."""
        if not self._fill.warned or self._queue.closed or self.error is not None:
            return None
        return (
            f"The disk of {self.folder} does not keep up with the camera: frames will be lost "
            "when the buffer is full; record to a faster disk, or lower the frame rate or the "
            "region."
        )

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
        recording = Recording(self.folder, manifest, self._opener, self._sync)
        try:
            recording.create()
        except OSError as error:
            raise SessionError(
                f"Cannot record into {self.folder}: {error.strerror or error}; "
                "choose a folder that can be written to on a disk with room."
            ) from error
        self._started_at = self._clock()
        self._look_at_disk()
        self._thread = threading.Thread(
            target=self._run, args=(recording,), name="session-writer", daemon=True
        )
        self._thread.start()

    def offer(self, frame: Frame) -> None:
        """Queue ``frame`` for writing; dropped and counted where there is no room."""
        if self._thread is None:
            return
        taken, counts = self._queue.add_frame(frame), self._queue.counts()
        if (change := self._fill.saw(counts.queued)) is not None:
            self.event(f"disk {change}", queued=counts.queued, queue_capacity=self._capacity)
        if taken:
            return
        self._losses = SessionError(
            f"Recording lost {counts.dropped} frames: {_mb(counts.queued)} wait for the disk of "
            f"{self.folder}, which is slower than the camera; record to a faster disk, or lower "
            "the frame rate or the region."
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
            The disk took nothing for ``timeout_s``; call again to wait on. As long as it takes
            something this waits, however slow it is: what waits has been captured.
        """
        if self._thread is None:
            return
        if not self._queue.closed:
            self._stream_error = error
            self._queue.close()
        left = self._queue.counts().queued
        self._thread.join(timeout_s)
        while self._thread.is_alive():
            before, left = left, self._queue.counts().queued
            if left >= before:
                raise SessionError(
                    f"The recording {self.folder} is still being written, and the disk took "
                    f"nothing for {timeout_s:g} s ({_mb(left)} to go); see to the disk, leave the "
                    "program open and stop again."
                )
            self._thread.join(timeout_s)

    def stats(self) -> WriterStats:
        """Numbers so far; callable from any thread at any time."""
        counts = self._queue.counts()
        until = self._clock() if self._stopped_at is None else self._stopped_at
        return WriterStats(
            offered=counts.offered,
            written=counts.written,
            dropped=counts.dropped,
            queued=counts.queued,
            queue_capacity=self._capacity,
            bytes_written=counts.bytes_written,
            free_bytes=self._free_bytes,
            elapsed_s=until - self._started_at if self._thread is not None else 0.0,
            full_in_s=self._fill.full_in_s,
        )

    def _add_line(self, journal: str, facts: dict[str, Any]) -> None:
        self._queue.add_line(Line(journal, to_json(facts)))

    # On the writer's thread.

    def _run(self, recording: Recording) -> None:
        try:
            self._drain(recording)
        except Exception as error:
            # Whatever it is, the operator hears of it and the session is closed in order.
            self._fail(error)
            self._note_failure(recording)
            self._queue.wait_closed()
        self._close(recording)

    def _drain(self, recording: Recording) -> None:
        while (item := self._queue.head()) is not None:
            if isinstance(item, Line):
                recording.append_line(item.journal, item.content)
            else:
                recording.append_frame(item)
            self._queue.done()
            self._look_at_disk()

    def _fail(self, error: Exception) -> None:
        """The disk failed, or a frame did not fit: take no more."""
        self._queue.fail()
        reason = str(error)
        if isinstance(error, OSError):
            reason = f"{error.strerror or error}; free some room or record to another disk"
        self._failure = SessionError(
            f"Recording into {self.folder} ended after {self._queue.counts().written} frames, "
            f"which stay readable: {reason}."
        )

    def _note_failure(self, recording: Recording) -> None:
        try:
            recording.release_reserve()
            recording.note(**self._end_facts())
        except OSError:
            # Not even the reserve sufficed: the manifest of the start remains, which says that
            # the session was not closed; the operator has the error on the screen.
            return

    def _close(self, recording: Recording) -> None:
        try:
            recording.close(**self._end_facts())
        except OSError as error:
            self._failure = self._failure or SessionError(
                f"The recording {self.folder} could not be closed: {error.strerror or error}; "
                "its frames stay readable, free some room on the disk."
            )
        self._stopped_at = self._clock()

    def _end_facts(self) -> dict[str, Any]:
        counts = self._queue.counts()
        reason = self._failure or self._stream_error or self._losses
        return {
            "frames": counts.written,
            "dropped": counts.dropped,
            "gaps": self._queue.gaps(),
            "out_of_order": counts.out_of_order,
            "end": "error" if self._failure or self._stream_error else "stopped",
            "error": str(reason) if reason is not None else None,
        }

    def _look_at_disk(self) -> None:
        now = self._clock()
        if now - self._disk_seen_at >= _DISK_LOOK_S:
            self._disk_seen_at = now
            # The number is for the eye alone; a folder that was renamed is written on.
            with contextlib.suppress(OSError):
                self._free_bytes = shutil.disk_usage(self.folder).free


def _software_version() -> str:
    try:
        return version("deepz-live")
    except PackageNotFoundError:
        return "(not installed)"


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
