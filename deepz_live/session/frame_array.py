"""Frames as an OME-Zarr array, appended one after the other; the layout is in :mod:`.shards`.

The files are written directly: a frame is one ``write``, and any Zarr reader opens the array.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.errors import SessionError
from deepz_live.session.files import FileOpener, open_file, replace_file, to_json, write_all
from deepz_live.session.shards import (
    HEAD_BYTES,
    frame_bytes,
    frames_a_shard,
    shard_head,
    shard_path,
    stored_dtype,
)
from deepz_live.session.syncer import Syncer
from deepz_live.stream.frame import StreamInfo

BLOCK = 4096
GROW_AGAIN = 64
"""So many frames later the extent is tried again where it could not be written."""
"""The t extent grows by this many frames at a time, so that its file is rarely rewritten."""


class FrameArray:
    """Appends frames to the array in ``folder`` (the ``.ome.zarr``).

    Files that are full go to ``syncer``, which closes them.
    """

    def __init__(
        self, folder: Path, info: StreamInfo, syncer: Syncer, opener: FileOpener = open_file
    ) -> None:
        self._folder = folder
        self._info = info
        self._syncer = syncer
        self._opener = opener
        self._dtype = stored_dtype(info.dtype)
        self._shard_frames = frames_a_shard(info)
        self._head = shard_head(info)
        self._file: IO[bytes] | None = None
        self._extent = 0
        self._grow_at = BLOCK
        self._count = 0

    def create(self) -> None:
        """Write the metadata of an empty array; raises OSError."""
        (self._folder / "0").mkdir(parents=True)
        replace_file(self._folder / "zarr.json", to_json(_group_facts(self._info), indent=2))
        self._resize(BLOCK)

    def append(self, pixels: NDArray[Any]) -> int:
        """Write one frame ``(Y, X)`` and return its t.

        Raises
        ------
        SessionError
            The frame has another shape or type than the stream.
        OSError
            It could not be written; no part of it remains.
        """
        if pixels.shape != self._info.shape or pixels.dtype.name != self._info.dtype:
            raise SessionError(
                f"a frame of {pixels.shape} {pixels.dtype} arrived, the stream began with "
                f"{self._info.shape} {self._info.dtype}; start a new recording after changing "
                "the camera's region or binning"
            )
        if self._count == self._grow_at:
            self._grow()
        within = self._count % self._shard_frames
        if within == 0:
            self._next_file()
        file = self._file
        if file is None:
            raise SessionError("a frame arrived after the recording was closed; start a new one")
        content = np.ascontiguousarray(pixels, dtype=self._dtype)
        try:
            write_all(file, content.data)
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(HEAD_BYTES + within * frame_bytes(self._info))
            raise
        self._count += 1
        return self._count - 1

    def sync(self) -> None:
        """Let what was appended go to the disk soon."""
        if self._file is not None:
            self._syncer.later(self._file)

    def close(self) -> None:
        """Hand the last file over; harmless when called twice."""
        if self._file is not None:
            self._syncer.later(self._file, close=True)
            self._file = None

    def trim(self) -> None:
        """Let the t extent be the number of frames; raises OSError."""
        self._resize(self._count)

    def _grow(self) -> None:
        """Let the extent be ahead of the frames again.

        It is for viewers that look on; the frames do not need it and :meth:`trim` sets it right.
        So where the file is held by somebody (on Windows a virus scanner, or the viewer itself), a
        later frame tries again.
        """
        try:
            self._resize(self._count + BLOCK)
        except OSError:
            self._grow_at = self._count + GROW_AGAIN
        else:
            self._grow_at = self._extent

    def _next_file(self) -> None:
        """Raises OSError; then no file remains, so that the same frame can be tried again."""
        self.close()
        path = shard_path(self._folder, self._count // self._shard_frames)
        file = self._opener(path, "xb")
        try:
            write_all(file, self._head)
        except OSError:
            with contextlib.suppress(OSError):
                file.close()
                path.unlink(missing_ok=True)
            raise
        self._file = file

    def _resize(self, extent: int) -> None:
        facts = _array_facts(self._info, extent)
        replace_file(self._folder / "0" / "zarr.json", to_json(facts, indent=2), self._opener)
        self._extent = extent


def _group_facts(info: StreamInfo) -> dict[str, Any]:
    """Metadata of the group, after the OME-Zarr specification (NGFF 0.5, multiscales)."""
    interval_s = 1.0 / info.frame_rate_hz if info.frame_rate_hz > 0 else 1.0
    time_axis = {"name": "t", "type": "time"}
    if info.frame_rate_hz > 0:
        time_axis["unit"] = "second"
    scale = [interval_s, info.pixel_size_um, info.pixel_size_um]
    multiscale = {
        "name": info.channel,
        "axes": [
            time_axis,
            {"name": "y", "type": "space", "unit": "micrometer"},
            {"name": "x", "type": "space", "unit": "micrometer"},
        ],
        "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        ],
    }
    return {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {"ome": {"version": "0.5", "multiscales": [multiscale]}},
    }


def _array_facts(info: StreamInfo, extent: int) -> dict[str, Any]:
    """Metadata of the array, after the Zarr 3 core specification and its sharding codec."""
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    plain = little if stored_dtype(info.dtype).itemsize > 1 else {"name": "bytes"}
    sharding = {
        "chunk_shape": [1, *info.shape],
        "codecs": [plain],
        "index_codecs": [little, {"name": "crc32c"}],
        "index_location": "start",
    }
    shard_shape = [frames_a_shard(info), *info.shape]
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [extent, *info.shape],
        "data_type": info.dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shard_shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": 0.0 if info.dtype.startswith("float") else 0,
        "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        "attributes": {},
        "dimension_names": ["t", "y", "x"],
    }
