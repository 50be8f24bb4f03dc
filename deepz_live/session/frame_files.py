"""Sessions of format 1: one uncompressed chunk file a frame. Only read; see :mod:`.shards`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.shards import stored_dtype
from deepz_live.stream.frame import StreamInfo


def chunk_path(folder: Path, position: int) -> Path:
    """Where frame ``position`` of the array in ``folder`` lies."""
    return folder / "0" / f"c.{position}.0.0"


def read_chunk(folder: Path, position: int, info: StreamInfo) -> NDArray[Any]:
    """Read one frame ``(Y, X)``; raises OSError, or ValueError for a file of the wrong size."""
    content = chunk_path(folder, position).read_bytes()
    pixels = np.frombuffer(content, dtype=stored_dtype(info.dtype)).reshape(info.shape)
    return pixels.astype(info.dtype, copy=False)
