"""Where a frame lies: many frames in one file, a shard of the Zarr 3 specification.

::

    index                       where each frame lies: offset, bytes, as uint64; then CRC-32C
    zeros                       up to HEAD_BYTES
    frame 0, frame 1, …         the camera's pixels, row by row, little endian, uncompressed

All frames are of one size, so the index can be written first, whole, and never changes: a file
that ends early (a crash, or the last one of a recording) is read as far as it goes. One file for
many frames, because a file a frame costs several times the writing itself on a fast disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.stream.frame import StreamInfo

MOST_FRAMES = 256
SHARD_BYTES = 256 * 1024 * 1024
HEAD_BYTES = 8192
"""Room for the index of ``MOST_FRAMES``; whole memory pages, so that frames begin on one."""
_CRC32C = 0x82F63B78


def frames_a_shard(info: StreamInfo) -> int:
    """How many frames one file holds: up to 256, and about 256 MiB."""
    return max(1, min(MOST_FRAMES, SHARD_BYTES // frame_bytes(info)))


def shard_path(folder: Path, shard: int) -> Path:
    """File number ``shard`` of the array in ``folder`` (the ``.ome.zarr``)."""
    return folder / "0" / f"c.{shard}.0.0"


def place_of(folder: Path, position: int, info: StreamInfo) -> tuple[Path, int]:
    """File and first byte of frame ``position``."""
    shard, within = divmod(position, frames_a_shard(info))
    return shard_path(folder, shard), HEAD_BYTES + within * frame_bytes(info)


def frame_bytes(info: StreamInfo) -> int:
    """Bytes of one frame on disk."""
    return info.shape[0] * info.shape[1] * stored_dtype(info.dtype).itemsize


def stored_dtype(name: str) -> np.dtype[Any]:
    """The little-endian dtype on disk."""
    return np.dtype(name).newbyteorder("<")


def shard_head(info: StreamInfo) -> bytes:
    """The first ``HEAD_BYTES`` of a shard: index (Zarr 3 ``sharding_indexed``) and zeros."""
    count, size = frames_a_shard(info), frame_bytes(info)
    offsets = HEAD_BYTES + size * np.arange(count, dtype="<u8")
    index = np.stack([offsets, np.full(count, size, "<u8")], axis=1).tobytes()
    head = index + crc32c(index).to_bytes(4, "little")
    return head.ljust(HEAD_BYTES, b"\0")


def read_pixels(folder: Path, position: int, info: StreamInfo) -> NDArray[Any]:
    """Read one frame ``(Y, X)``; raises OSError, or ValueError where the file ends before it."""
    path, offset = place_of(folder, position, info)
    pixels = np.empty(info.shape, stored_dtype(info.dtype))
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        found = file.readinto(memoryview(pixels).cast("B"))  # type: ignore[arg-type]
    if found != pixels.nbytes:
        raise ValueError(f"{path.name} holds {found} of its {pixels.nbytes} bytes")
    return pixels.astype(info.dtype, copy=False)


def crc32c(content: Iterable[int]) -> int:
    """CRC-32C (Castagnoli, RFC 3720 appendix B.4) of some bytes."""
    table = [_table_entry(byte) for byte in range(256)]
    value = 0xFFFFFFFF
    for byte in content:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _table_entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (_CRC32C if value & 1 else 0)
    return value
