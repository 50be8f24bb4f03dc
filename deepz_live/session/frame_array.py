"""Frames as an OME-Zarr array, one uncompressed chunk file a frame.

The chunk files are written directly, in the layout of the Zarr 3 specification (codec ``bytes``,
little endian): a chunk is one ``open``, ``write``, ``close``, any Zarr reader opens it, and the
frames stay plain files that need no library at all.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.errors import SessionError
from deepz_live.session.files import FileOpener, open_file, replace_file, to_json
from deepz_live.stream.frame import StreamInfo

BLOCK = 256
"""The t extent grows by this many frames at a time, so that its file is rarely rewritten."""


class FrameArray:
    """Appends frames to the array in ``folder`` (the ``.ome.zarr``)."""

    def __init__(self, folder: Path, info: StreamInfo, opener: FileOpener = open_file) -> None:
        self._folder = folder
        self._info = info
        self._opener = opener
        self._dtype = stored_dtype(info.dtype)
        self._extent = 0
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
        if self._count == self._extent:
            self._resize(self._extent + BLOCK)
        path = chunk_path(self._folder, self._count)
        content = np.ascontiguousarray(pixels, dtype=self._dtype)
        try:
            with self._opener(path, "xb") as file:
                file.write(content.data)
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise
        self._count += 1
        return self._count - 1

    def trim(self) -> None:
        """Let the t extent be the number of frames; raises OSError."""
        self._resize(self._count)

    def _resize(self, extent: int) -> None:
        facts = _array_facts(self._info, extent)
        replace_file(self._folder / "0" / "zarr.json", to_json(facts, indent=2), self._opener)
        self._extent = extent


def chunk_path(folder: Path, position: int) -> Path:
    """Where frame ``position`` of the array in ``folder`` lies."""
    return folder / "0" / f"c.{position}.0.0"


def chunk_bytes(info: StreamInfo) -> int:
    """Size of a whole chunk file."""
    return info.shape[0] * info.shape[1] * stored_dtype(info.dtype).itemsize


def read_chunk(folder: Path, position: int, info: StreamInfo) -> NDArray[Any]:
    """Read one frame ``(Y, X)``; raises OSError, or ValueError for a file of the wrong size."""
    content = chunk_path(folder, position).read_bytes()
    pixels = np.frombuffer(content, dtype=stored_dtype(info.dtype)).reshape(info.shape)
    return pixels.astype(info.dtype, copy=False)


def stored_dtype(name: str) -> np.dtype[Any]:
    """The little-endian dtype on disk."""
    return np.dtype(name).newbyteorder("<")


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
    """Metadata of the array, after the Zarr 3 core specification."""
    codec: dict[str, Any] = {"name": "bytes"}
    if stored_dtype(info.dtype).itemsize > 1:
        codec["configuration"] = {"endian": "little"}
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [extent, *info.shape],
        "data_type": info.dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, *info.shape]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": 0.0 if info.dtype.startswith("float") else 0,
        "codecs": [codec],
        "attributes": {},
        "dimension_names": ["t", "y", "x"],
    }
