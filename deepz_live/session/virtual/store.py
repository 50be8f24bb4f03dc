"""A store of virtual stacks on disk, or behind a URL: begun, filled chunk by chunk, read.

::

    first.ome.zarr/
      zarr.json            OME-Zarr (NGFF 0.5): axes t, z, y, x; facts of the run
      frames.jsonl         a line a frame, as in the session; t is "position"
      0/zarr.json          the array
      0/c.<n>.0.0.0        chunk n: so many frames, all planes; it exists when it is whole
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from pydantic import ValidationError

from deepz_live.session.errors import SessionError
from deepz_live.session.files import to_json
from deepz_live.session.frame_series import FrameFacts
from deepz_live.session.manifest import FRAMES
from deepz_live.session.places import Place, place_at, whole_name
from deepz_live.session.virtual.chunk_files import (
    ARRAY,
    array_files,
    chunk_file,
    chunk_name,
    chunk_number,
)
from deepz_live.session.virtual.facts import BATCH, VirtualFacts

GROUP = "zarr.json"


class VirtualStore:
    """Chunks of virtual stacks; made by :func:`begin_store` or :func:`open_store`.

    Any number of processes may write different chunks at once; the same chunk written twice is
    written with the same content, and the last one stays.
    """

    def __init__(self, place: Place, facts: VirtualFacts) -> None:
        self.place = place
        self.facts = facts

    def __len__(self) -> int:
        return self.facts.frames

    def missing(self) -> list[int]:
        """Chunks that are not there, ascending. Raises OSError."""
        there = {chunk_number(name) for name in self.place.names(ARRAY)}
        return [chunk for chunk in range(self.facts.chunks) if chunk not in there]

    def tidy(self) -> None:
        """Remove half written chunks, while nobody writes any. Raises OSError."""
        self.place.tidy(ARRAY)

    def write(self, chunk: int, block: NDArray[Any]) -> int:
        """Write ``(T, Z, Y, X)``, whole or not at all; returns the bytes of its file.

        Raises
        ------
        SessionError
            The block has another shape or type than the chunk.
        OSError
            The store does not take it.
        """
        facts = self.facts
        wanted = (len(facts.span(chunk)), len(facts.planes_um), *facts.shape)
        if block.shape != wanted or block.dtype != np.dtype(facts.dtype):
            raise SessionError(
                f"Chunk {chunk} of {self.place} is {wanted} {facts.dtype}, but "
                f"{block.shape} {block.dtype} came."
            )
        content = chunk_file(facts, block)
        self.place.write(f"{ARRAY}/{chunk_name(chunk)}", content)
        return len(content)

    def stack(self, t: int) -> NDArray[Any]:
        """All planes ``(Z, Y, X)`` of frame ``t``, counts in the store's number format.

        Raises
        ------
        SessionError
            There is no such frame, it was not made yet, or its file is damaged.
        """
        if not 0 <= t < self.facts.frames:
            raise SessionError(
                f"Store {self.place} holds frames 0 … {self.facts.frames - 1}; there is no "
                f"frame {t}."
            )
        name = chunk_name(t // self.facts.chunk_frames)
        if name not in self._there:
            raise SessionError(
                f"Frame {t} of {self.place} was not refocused yet (its file {name} is missing); "
                "let `deepz-live batch` finish it with the same command."
            )
        try:
            planes: NDArray[Any] = self._array[t]
        except Exception as error:  # each kind of store and codec raises its own
            raise SessionError(
                f"Frame {t} of {self.place} cannot be read ({type(error).__name__}: {error}); "
                f"remove its file {name} and run `deepz-live batch` again."
            ) from error
        return planes

    @cached_property
    def _array(self) -> Any:
        return zarr.open_array(self.place.inside(ARRAY).zarr_store(), mode="r")

    @cached_property
    def _there(self) -> frozenset[str]:
        return self.place.names(ARRAY)


def begin_store(
    where: Path | str, facts: VirtualFacts, frames: Sequence[FrameFacts], software: str
) -> VirtualStore:
    """Write what describes a store that has no chunk yet; anew where that was cut off.

    Raises
    ------
    SessionError
        Something else lies there, which stays as it is, or it cannot be written.
    """
    place = place_at(where)
    lines = [to_json(asdict(replace(one, position=t))) for t, one in enumerate(frames)]
    listed = b"".join(line + b"\n" for line in lines)
    try:
        foreign = _foreign(place, listed)
        if foreign:
            raise SessionError(
                f"{place} holds something else ({', '.join(foreign[:3])}), so no virtual "
                "stacks are written into it; give a new place."
            )
        place.tidy("")
        place.tidy(ARRAY)
        place.write(FRAMES, listed)
        for name, content in array_files(facts).items():
            place.write(name, content)
        group = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": facts.attributes(software),
        }
        place.write(GROUP, to_json(group, indent=2))  # last: from here on the store exists
    except OSError as error:
        raise SessionError(
            f"{place} could not be written ({error.strerror or error}); choose a place with room "
            "that can be written to."
        ) from error
    return VirtualStore(place, facts)


def open_store(where: Path | str) -> VirtualStore | None:
    """The store there, complete or not; None where nothing was begun.

    Raises
    ------
    SessionError
        A Zarr group of another kind, or damaged.
    """
    place = place_at(where)
    try:
        content = place.read(GROUP)
        if _is_bare(content) and FRAMES in place.names():
            return None  # begin_store looks whose it is
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SessionError(f"{place} cannot be read ({error.strerror or error}).") from error
    try:
        facts = VirtualFacts.model_validate(json.loads(content)["attributes"][BATCH])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise SessionError(
            f"{place} is no store of `deepz-live batch` ({type(error).__name__}: {error}); give "
            "another place, or remove it."
        ) from error
    return VirtualStore(place, facts)


def _foreign(place: Place, listed: bytes) -> list[str]:
    """What lies there and was not left by a beginning of this very store that was cut off.

    ``listed`` is its FRAMES, which is written first and tells it from all others. Raises OSError.
    """
    names = place.names()
    if FRAMES not in names:
        return sorted(name for name in names if whole_name(name) != FRAMES)
    found = {name for name in names if whole_name(name) not in (FRAMES, GROUP, ARRAY)}
    found |= {f"{ARRAY}/{name}" for name in place.names(ARRAY) if whole_name(name) != GROUP}
    if place.read(FRAMES) != listed:
        found.add(FRAMES)
    if GROUP in names and not _is_bare(place.read(GROUP)):
        found.add(GROUP)
    return sorted(found)


def _is_bare(content: bytes) -> bool:
    """Whether a group's file says nothing: such a one was once written on the way."""
    try:
        group = json.loads(content)
    except ValueError:
        return False
    return isinstance(group, dict) and not group.get("attributes")
