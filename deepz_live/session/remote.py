"""A recorded session in a folder, or behind a URL of any store that fsspec knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import zarr
from pydantic import ValidationError

from deepz_live.session.errors import SessionError
from deepz_live.session.files import parse_lines
from deepz_live.session.frame_series import FrameFacts
from deepz_live.session.manifest import FRAMES, MANIFEST, PIXELS, READABLE_VERSIONS, Manifest
from deepz_live.session.places import Folder, Place, place_at
from deepz_live.session.reader import read_session
from deepz_live.stream.frame import Frame, StreamInfo


class Recorded(Protocol):
    """Frames at rest, wherever they are; see :class:`~deepz_live.session.reader.Session`."""

    @property
    def manifest(self) -> Manifest:
        """How it was recorded."""

    @property
    def info(self) -> StreamInfo:
        """Facts of the stream."""

    @property
    def facts(self) -> tuple[FrameFacts, ...]:
        """What is known of each frame, in the order of recording."""

    def __len__(self) -> int: ...

    def frame(self, i: int) -> Frame:
        """The ``i``-th frame recorded; raises :class:`SessionError`."""


def read_recorded(where: Path | str) -> Recorded:
    """Open a session by its folder or its URL.

    Raises
    ------
    SessionError
        Not a session, damaged, of another format version; behind a URL: not reached, or not closed.
    """
    place = place_at(where)
    return read_session(place.path) if isinstance(place, Folder) else RemoteSession(place)


class RemoteSession:
    """A closed session behind a URL: its facts are held, each frame is fetched when asked for."""

    def __init__(self, place: Place) -> None:
        self._place = place
        try:
            self.manifest = Manifest.model_validate_json(place.read(MANIFEST))
            lines = parse_lines(place.read(FRAMES), FRAMES)
            self.facts = tuple(FrameFacts(**line) for line in lines)
        except (OSError, ValidationError, ValueError, TypeError) as error:
            raise SessionError(
                f"Session {place} cannot be read ({type(error).__name__}: {error}); give the URL "
                f"of a recording's folder, which holds {MANIFEST} and {FRAMES}."
            ) from error
        if self.manifest.version not in READABLE_VERSIONS or not self.manifest.closed:
            raise SessionError(
                f"Session {place} is of format version {self.manifest.version} and "
                f"{'closed' if self.manifest.closed else 'not closed'}; behind a URL, closed ones "
                f"of versions {' and '.join(map(str, READABLE_VERSIONS))} are read: copy it into "
                "a folder."
            )
        self.info = self.manifest.stream_info(f"session {place.name}")
        self._array: Any = None

    def __len__(self) -> int:
        return len(self.facts)

    def frame(self, i: int) -> Frame:
        """See :class:`Recorded`."""
        if not 0 <= i < len(self.facts):
            raise SessionError(
                f"Session {self._place} holds frames 0 … {len(self.facts) - 1}; there is no "
                f"frame {i}."
            )
        facts = self.facts[i]
        try:
            if self._array is None:
                store = self._place.inside(f"{PIXELS}/0").zarr_store()
                self._array = zarr.open_array(store, mode="r")
            pixels = self._array[facts.position]
        except Exception as error:  # each kind of store raises its own
            raise SessionError(
                f"Frame {facts.index} of session {self._place} cannot be read "
                f"({type(error).__name__}: {error}); check the store and the way to it."
            ) from error
        return Frame(
            pixels=pixels,
            index=facts.index,
            time_s=facts.time_s,
            z_um=facts.z_um,
            exposure_ms=facts.exposure_ms,
            channel=facts.channel,
        )
