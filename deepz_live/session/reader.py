"""A recorded session, opened for reading: closed, still being written, or left by a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepz_live.session.errors import SessionError
from deepz_live.session.files import read_lines
from deepz_live.session.frame_files import chunk_path, read_chunk
from deepz_live.session.frame_series import FrameFacts
from deepz_live.session.manifest import (
    EVENTS,
    FRAMES,
    PIXELS,
    RESULTS,
    Gap,
    Manifest,
    gaps_between,
    read_manifest,
)
from deepz_live.session.markers import Marker, add_marker, markers_of
from deepz_live.session.shards import frame_bytes, place_of, read_pixels
from deepz_live.stream.frame import Frame, StreamInfo

__all__ = ["Session", "SessionError", "read_session"]


class Session:
    """The frames and notes of one recording: a :class:`~.frame_series.FrameSeries`.

    Attributes
    ----------
    folder, info, manifest
        Where it lies, the facts of the stream, the manifest.
    facts
        What is known of each frame, in the order of recording.
    events, results
        The lines of the journals.
    markers
        What was noted to frames, while recording and later.
    gaps
        Indices that are missing, with the cause as far as it was written down.
    """

    def __init__(self, folder: Path, manifest: Manifest, facts: tuple[FrameFacts, ...]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.facts = facts
        self.info: StreamInfo = manifest.stream_info(f"session {folder.name}")
        self.events = _journal(folder, EVENTS)
        self.results = _journal(folder, RESULTS)
        self.markers = markers_of(folder, self.events)

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Missing indices; of an unclosed session those that its frames show."""
        if self.manifest.closed:
            return self.manifest.gaps
        return gaps_between(facts.index for facts in self.facts)

    def mark(self, i: int, text: str = "") -> Marker:
        """Write a marker to the ``i``-th frame, which the recording then keeps.

        Raises
        ------
        SessionError
            It cannot be written there.
        """
        marker = add_marker(self.folder, self.facts[i].index, text)
        self.markers = tuple(sorted([*self.markers, marker]))
        return marker

    def close(self) -> None:
        """Nothing is kept open between frames."""

    def frame(self, i: int) -> Frame:
        """The ``i``-th frame recorded, exactly as the camera gave it.

        Raises
        ------
        SessionError
            There is no such frame, or its file is missing or damaged.
        """
        if not 0 <= i < len(self.facts):
            raise SessionError(
                f"Session {self.folder} holds frames 0 … {len(self.facts) - 1}; "
                f"there is no frame {i}."
            )
        facts = self.facts[i]
        read = read_chunk if self.manifest.version == 1 else read_pixels
        try:
            pixels = read(self.folder / PIXELS, facts.position, self.info)
        except (OSError, ValueError) as error:
            raise SessionError(
                f"Frame {facts.index} of session {self.folder} cannot be read ({error}); "
                "copy the session again from where it was recorded."
            ) from error
        return Frame(
            pixels=pixels,
            index=facts.index,
            time_s=facts.time_s,
            z_um=facts.z_um,
            exposure_ms=facts.exposure_ms,
            channel=facts.channel,
        )


def read_session(folder: Path | str) -> Session:
    """Open a session folder.

    Raises
    ------
    SessionError
        Not a session, manifest or journal damaged, other format version.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    try:
        facts = tuple(FrameFacts(**line) for line in _journal(folder, FRAMES))
    except TypeError as error:
        raise SessionError(
            f"Session {folder} cannot be read: {FRAMES} holds other facts than expected "
            f"({error}); restore the file from a copy of the session."
        ) from error
    if not manifest.closed:
        facts = _with_pixels(folder, manifest, facts)
    return Session(folder, manifest, facts)


def _journal(folder: Path, name: str) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(read_lines(folder / name))
    except (OSError, ValueError) as error:
        raise SessionError(
            f"Session {folder} cannot be read: {error}; "
            "restore the file from a copy of the session."
        ) from error


def _with_pixels(
    folder: Path, manifest: Manifest, facts: tuple[FrameFacts, ...]
) -> tuple[FrameFacts, ...]:
    """Without the last frames whose pixels a power cut kept from the disk."""
    count = len(facts)
    while count and not _has_pixels(folder / PIXELS, manifest, facts[count - 1].position):
        count -= 1
    return facts[:count]


def _has_pixels(array: Path, manifest: Manifest, position: int) -> bool:
    info = manifest.stream_info("")
    size = frame_bytes(info)
    if manifest.version == 1:
        path, begin, exact = chunk_path(array, position), 0, True
    else:
        (path, begin), exact = place_of(array, position, info), False
    if not path.is_file():
        return False
    found = path.stat().st_size - begin
    return found == size if exact else found >= size
