"""The recording of a live session: at most one at a time, started and stopped while it streams."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from deepz_live.session.errors import SessionError
from deepz_live.session.writer import SessionWriter, WriterStats
from deepz_live.stream.frame import StreamInfo
from deepz_live.stream.hub import Hub


class LiveRecorder:
    """Hangs a session writer on the hub and takes it off again; callable from any thread."""

    def __init__(
        self, hub: Hub, info: StreamInfo, settings: dict[str, Any], bundle: dict[str, Any] | None
    ) -> None:
        self._hub, self._info = hub, info
        self._settings, self._bundle = settings, bundle
        self._change = threading.Lock()  # held first: one start or stop at a time
        self._lock = threading.Lock()
        self._writer: SessionWriter | None = None
        self._error: Exception | None = None
        self._written = 0
        self._folder: Path | None = None

    @property
    def running(self) -> bool:
        """True while frames are written."""
        return self._writer is not None

    @property
    def folder(self) -> Path | None:
        """The session folder that is written, or was written last."""
        return self._folder

    @property
    def error(self) -> Exception | None:
        """What the operator must know of the recording that runs, or ran last."""
        writer = self._writer
        return writer.error if writer is not None else self._error

    @property
    def failure(self) -> Exception | None:
        """Why the recording that runs cannot go on; None where it does, or none runs."""
        writer = self._writer
        return writer.failure if writer is not None else None

    @property
    def warning(self) -> str | None:
        """A sentence while the disk does not keep up and nothing is lost yet."""
        writer = self._writer
        return writer.warning if writer is not None else None

    @property
    def written(self) -> int:
        """Frames on disk, all recordings together."""
        writer = self._writer
        return self._written + (writer.stats().written if writer else 0)

    def stats(self) -> WriterStats | None:
        """Numbers of the recording that runs; None without one."""
        writer = self._writer
        return writer.stats() if writer is not None else None

    def start(self, folder: Path) -> None:
        """Write every frame from now on into ``folder``, which must be new or empty.

        Raises
        ------
        SessionError
            The folder is not empty or cannot be written, or a recording runs already.
        """
        with self._change:
            if self._writer is not None:
                raise SessionError(
                    f"A recording into {self._folder} is running; stop it before starting another."
                )
            writer = SessionWriter(folder, self._info, settings=self._settings, bundle=self._bundle)
            writer.start()
            self._error = None
            self._writer, self._folder = writer, folder
            self._hub.attach(writer)

    def stop(self, timeout_s: float = 30.0) -> None:
        """Write what was captured until now and end. Harmless without a recording.

        Raises
        ------
        SessionError
            The disk took nothing for ``timeout_s``; call again to wait on.
        """
        with self._change:
            with self._lock:
                writer, self._writer = self._writer, None
            if writer is None:
                return
            self._hub.detach(writer)
            try:
                writer.stop(timeout_s, error=self._hub.error)
            except SessionError:
                self._writer = writer  # the disk needs longer: the next stop waits on
                raise
            self._error = writer.error
            self._written += writer.stats().written

    def event(self, kind: str, **facts: Any) -> None:
        """Note that something happened; nothing without a recording."""
        with self._lock:
            writer = self._writer
        if writer is not None:
            writer.event(kind, **facts)

    def result(self, index: int, **facts: Any) -> None:
        """Note what was made of frame ``index``; nothing without a recording."""
        with self._lock:
            writer = self._writer
        if writer is not None:
            writer.result(index, **facts)
