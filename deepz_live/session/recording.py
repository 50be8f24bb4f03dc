"""The files of a session while it is written. Used by one thread at a time; knows no queue."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import IO, Any

from deepz_live.session.errors import SessionError
from deepz_live.session.files import FileOpener, to_json
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
from deepz_live.stream.frame import Frame

RESERVE_BYTES = 1 << 20


class Recording:
    """Creates the folder, appends frames and lines, closes.

    Every call may raise OSError; what was appended before stays readable.
    """

    def __init__(self, folder: Path, manifest: Manifest, opener: FileOpener) -> None:
        self._folder = folder
        self._manifest = manifest
        self._opener = opener
        self._array = FrameArray(folder / PIXELS, manifest.stream_info(""), opener)
        self._journals: dict[str, IO[bytes]] = {}

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
                file.write(bytes(RESERVE_BYTES))
            write_manifest(self._folder, self._manifest, self._opener)
            for name in (FRAMES, EVENTS, RESULTS):
                self._journals[name] = self._opener(self._folder / name, "ab")
        except OSError:
            self._close_journals()
            raise

    def append_frame(self, frame: Frame) -> None:
        """Pixels first, then the line that tells of them."""
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

    def append_line(self, journal: str, line: bytes) -> None:
        """Add a line to a journal; with the return it is out of this process."""
        file = self._journals[journal]
        file.write(line + b"\n")
        file.flush()

    def note(self, **changes: Any) -> None:
        """Change facts of the manifest, on disk."""
        self._manifest = self._manifest.model_copy(update=changes)
        write_manifest(self._folder, self._manifest, self._opener)

    def release_reserve(self) -> None:
        """Free the reserved room, so that a full disk can still take the manifest."""
        (self._folder / RESERVE).unlink(missing_ok=True)

    def close(self, **changes: Any) -> None:
        """Trim the array and write the last manifest; the journals are closed in any case."""
        self._close_journals()
        self.release_reserve()
        self._array.trim()
        self.note(closed=True, **changes)

    def _close_journals(self) -> None:
        for file in self._journals.values():
            # A journal on a full disk may fail again to flush what it could not write before.
            with contextlib.suppress(OSError):
                file.close()
        self._journals.clear()
