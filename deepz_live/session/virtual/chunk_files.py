"""A chunk as one file: a shard of the Zarr 3 specification, its inner chunks single planes."""

from __future__ import annotations

from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec
from zarr.storage import MemoryStore

from deepz_live.session.virtual.facts import VirtualFacts

ARRAY = "0"


def chunk_name(chunk: int) -> str:
    """Name of the chunk's file below the array."""
    return f"c.{chunk}.0.0.0"


def chunk_number(name: str) -> int | None:
    """The chunk whose file has that name; None for other files, such as half written ones."""
    parts = name.split(".")
    whole = len(parts) == 5 and parts[0] == "c" and parts[2:] == ["0", "0", "0"]
    return int(parts[1]) if whole and parts[1].isdecimal() else None


def array_files(facts: VirtualFacts) -> dict[str, bytes]:
    """The files of an array without a chunk, by name below the group, whose own file is none."""
    files: dict[str, Any] = {}
    _create(files, facts, facts.frames)
    inside = {name: content for name, content in files.items() if name.startswith(f"{ARRAY}/")}
    return {name: content.to_bytes() for name, content in inside.items()}


def chunk_file(facts: VirtualFacts, block: NDArray[Any]) -> bytes:
    """The file of a chunk ``(T, Z, Y, X)``; fewer than ``chunk_frames`` only in the last one."""
    files: dict[str, Any] = {}
    array = _create(files, facts, facts.chunk_frames)
    array[: len(block)] = block
    content: bytes = files[f"{ARRAY}/{chunk_name(0)}"].to_bytes()
    return content


def _create(files: dict[str, Any], facts: VirtualFacts, frames: int) -> Any:
    size = (len(facts.planes_um), *facts.shape)
    return zarr.create_array(
        MemoryStore(files),
        name=ARRAY,
        shape=(frames, *size),
        chunks=(1, 1, *facts.shape),
        shards=(facts.chunk_frames, *size),
        dtype=facts.dtype,
        # What is missing is no darkness: NaN where the numbers have it.
        fill_value=np.nan if facts.dtype == "float32" else 0,
        compressors=BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"),
        chunk_key_encoding={"name": "default", "separator": "."},
        dimension_names=("t", "z", "y", "x"),
        config={"write_empty_chunks": True},  # a plane of zeros is there all the same
    )
