"""Arrays that take seconds to compute, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def cache_file(kind: str, key: list[object]) -> Path:
    """Where an array computed from ``key`` (plain values) is kept."""
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("deepz-live", False)) / f"{kind}-{digest}.npz"


def load(file: Path, shape: tuple[int, int]) -> Floats | None:
    """The cached array, or None where it is missing, damaged or of another size."""
    try:
        with np.load(file, allow_pickle=False) as data:
            values = np.asarray(data["profiles"], dtype=np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return values if values.shape == shape and np.isfinite(values).all() else None


def save(file: Path, values: Floats) -> None:
    """Keep the array; a cache that cannot be written only costs the next start its seconds."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            np.savez_compressed(stream, profiles=values)
        Path(name).replace(file)
    except OSError:
        return
