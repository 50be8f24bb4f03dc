"""Markers: what somebody wrote to a frame, while it was recorded or when looking at it again.

Those of a recording under way are events of its journal, which outlives a crash like the frames.
Those added later lie beside it in ``markers.jsonl``, which is replaced as a whole, so that a
recording itself is never written to again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deepz_live.session.errors import SessionError
from deepz_live.session.files import read_lines, replace_file, to_json

ADDED = "markers.jsonl"
MARKER = "marker"
"""The kind of event that is one."""


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """A note to the frame with the camera's number ``index``; ``added``: after the recording."""

    index: int
    text: str = ""
    added: bool = False


def markers_of(folder: Path, events: Iterable[Mapping[str, Any]]) -> tuple[Marker, ...]:
    """All markers of a session, in the order of frames.

    Raises
    ------
    SessionError
        The file of added markers is damaged.
    """
    recorded = [
        Marker(int(event["index"]), str(event.get("text", "")))
        for event in events
        if event.get("kind") == MARKER and "index" in event
    ]
    return tuple(sorted([*recorded, *_added(folder)]))


def add_marker(folder: Path, index: int, text: str = "") -> Marker:
    """Write a marker to a frame of a recording that is looked at again.

    Raises
    ------
    SessionError
        It cannot be written there, or the file of added markers is damaged.
    """
    marker = Marker(index, text, added=True)
    _replace(folder, [*_added(folder), marker])
    return marker


def remove_marker(folder: Path, marker: Marker) -> None:
    """Take back a marker that was added; those of the recording itself stay, nothing happens.

    Raises
    ------
    SessionError
        As :func:`add_marker`.
    """
    kept = [one for one in _added(folder) if one != marker]
    if marker.added:
        _replace(folder, kept)


def _added(folder: Path) -> list[Marker]:
    try:
        lines = read_lines(folder / ADDED)
        return [Marker(int(line["index"]), str(line["text"]), added=True) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SessionError(
            f"The markers added to session {folder} cannot be read ({error}); restore {ADDED} "
            "from a copy of the session, or delete it."
        ) from error


def _replace(folder: Path, markers: Sequence[Marker]) -> None:
    lines = [
        to_json({key: value for key, value in asdict(marker).items() if key != "added"})
        for marker in sorted(markers)
    ]
    try:
        replace_file(folder / ADDED, b"".join(line + b"\n" for line in lines))
    except OSError as error:
        raise SessionError(
            f"The marker could not be written into {folder} ({error.strerror or error}); copy the "
            "session to a disk that can be written to."
        ) from error
