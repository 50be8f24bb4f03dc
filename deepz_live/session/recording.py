"""The files of a session while it is written. Used by one thread at a time; knows no queue."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from deepz_live.session.errors import SessionError
from deepz_live.session.files import FileOpener, to_json, write_all
from deepz_live.session.frame_array import FrameArray
from deepz_live.session.manifest import (
    EVENTS,
    FRAMES,
    PIXELS,
    RESERVE,
    RESULTS,
    Manifest,
    write_manifest,
)
from deepz_live.session.syncer import Sync, Syncer, sync_file
from deepz_live.stream.frame import Frame

RESERVE_BYTES = 1 << 20
SYNC_BYTES = 64 << 20
"""After so much the disk is asked to take it."""


class Recording:
    """Creates the folder, appends frames and lines, closes.

    Every call may raise OSError; what was appended before stays readable. When an append returns,
    the frame is out of this process; when :meth:`close` returns, all is on the disk.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, opener: FileOpener, sync: Sync = sync_file
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._opener = opener
        self._syncer = Syncer(sync)
        self._array = FrameArray(folder / PIXELS, manifest.stream_info(""), self._syncer, opener)
        self._journals: dict[str, IO[bytes]] = {}
        self._unsynced = 0

    def create(self) -> None:
        """Make the folder and its files. Raises SessionError where something is there already."""
        if self._folder.exists() and (not self._folder.is_dir() or any(self._folder.iterdir())):
            raise SessionError(
                f"Cannot record into {self._folder}: it exists and is not empty; "
                "give a new folder, recordings are never overwritten."
            )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._array.create()
            with self._opener(self._folder / RESERVE, "wb") as file:
                write_all(file, bytes(RESERVE_BYTES))
            write_manifest(self._folder, self._manifest, self._opener)
            for name in (FRAMES, EVENTS, RESULTS):
                self._journals[name] = self._opener(self._folder / name, "ab")
        except OSError:
            for file in self._journals.values():
                file.close()
            raise
        self._syncer.start()

    def append_frame(self, frame: Frame) -> None:
        """Pixels first, then the line that tells of them."""
        if self._syncer.error is not None:
            raise self._syncer.error
        position = self._array.append(frame.pixels)
        facts = {
            "index": frame.index,
            "time_s": frame.time_s,
            "z_um": frame.z_um,
            "exposure_ms": frame.exposure_ms,
            "channel": frame.channel,
            "position": position,
        }
        self.append_line(FRAMES, to_json(facts))
        self._unsynced += frame.pixels.nbytes
        if self._unsynced >= SYNC_BYTES:
            self._unsynced = 0
            self._array.sync()
            self._syncer.later(self._journals[FRAMES])

    def append_line(self, journal: str, line: bytes) -> None:
        """Add a line to a journal; with the return it is out of this process."""
        write_all(self._journals[journal], line + b"\n")

    def note(self, **changes: Any) -> None:
        """Change facts of the manifest, on disk."""
        self._manifest = self._manifest.model_copy(update=changes)
        write_manifest(self._folder, self._manifest, self._opener)

    def release_reserve(self) -> None:
        """Free the reserved room, so that a full disk can still take the manifest."""
        (self._folder / RESERVE).unlink(missing_ok=True)

    def close(self, **changes: Any) -> None:
        """Wait for the disk, trim the array and write the last manifest.

        All files are closed in any case.
        """
        self._array.close()
        for file in self._journals.values():
            self._syncer.later(file, close=True)
        self._journals.clear()
        self._syncer.finish()
        self.release_reserve()
        self._array.trim()
        self.note(closed=True, **changes)
