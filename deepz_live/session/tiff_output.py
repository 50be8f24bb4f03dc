"""OME-TIFF files that either exist whole or not at all."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from deepz_live.session.errors import StackError

LARGE_BYTES = 4_000_000_000
"""Beyond this a TIFF needs offsets of 64 bits."""

_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32)}
OME_DTYPES = frozenset(_INTEGERS | {"float32", "float64"})
"""Types of grey values that OME-TIFF knows, by numpy's names."""


def write_ome_tiff(
    path: Path,
    pixels: NDArray[Any] | Iterator[NDArray[Any]],
    metadata: dict[str, Any],
    **layout: Any,
) -> None:
    """Write ``pixels (Z, Y, X)`` with OME metadata as tifffile takes them.

    Pages that are made one by one come with their ``shape`` and ``dtype``.

    The file is written beside its place under a name ending in ``.part`` and renamed when it is
    complete, so nothing half-written ever carries the name.

    Raises
    ------
    StackError
        Folder missing, no permission, disk full.
    """
    _write(path, pixels, ome=True, metadata={"axes": "ZYX", **metadata}, **layout)


def write_tiff(path: Path, pixels: NDArray[Any], xml: bytes) -> None:
    """The same with the OME-XML given. Raises :class:`StackError` likewise."""
    _write(path, pixels, ome=False, description=xml, metadata=None)


def _write(path: Path, pixels: NDArray[Any] | Iterator[NDArray[Any]], **options: Any) -> None:
    part = path.with_name(path.name + ".part")
    if isinstance(pixels, np.ndarray):
        pixels = np.ascontiguousarray(pixels)
        options |= {"shape": pixels.shape, "dtype": pixels.dtype}
    size = math.prod(options["shape"]) * np.dtype(options["dtype"]).itemsize
    try:
        tifffile.imwrite(
            part, pixels, photometric="minisblack", bigtiff=size > LARGE_BYTES, **options
        )
        part.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StackError(
            f"Could not write {path}: {reason}; "
            "choose a folder that exists, can be written to and has room."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def pixel_facts(pixel_size_um: float) -> dict[str, Any]:
    """Physical pixel size for :func:`write_ome_tiff`."""
    return {
        "PhysicalSizeX": pixel_size_um,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": pixel_size_um,
        "PhysicalSizeYUnit": "µm",
    }


def z_facts(z_um: NDArray[np.float64]) -> dict[str, Any]:
    """Positions of all planes, and their step where it is the same everywhere."""
    facts: dict[str, Any] = {
        "Plane": {
            "PositionZ": [float(z) for z in z_um],
            "PositionZUnit": ["µm"] * len(z_um),
        }
    }
    steps = np.abs(np.diff(z_um))
    if len(steps) and steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6):
        facts |= {"PhysicalSizeZ": float(steps[0]), "PhysicalSizeZUnit": "µm"}
    return facts
