"""Zarr arrays and OME-Zarr images (0.4 and 0.5)."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from deepz_live.session.errors import StackError, too_large
from deepz_live.session.importing.optional import length_um, unreadable
from deepz_live.session.tiff import TiffContent

DAMAGE = (
    *(OSError, ValueError, KeyError, TypeError),
    *(RuntimeError, EOFError, zlib.error, lzma.LZMAError),
)
"""What zarr and the decompressors of its chunks raise over data that make no sense."""
_MARKS = ("zarr.json", ".zarray", ".zgroup")
_UM_PER_UNIT = {"nanometer": 1e-3, "micrometer": 1.0, "millimeter": 1e3, "meter": 1e6}
_S_PER_UNIT = {"millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3600.0}
_PLAIN_AXES = {3: "ZYX", 4: "CZYX", 5: "TCZYX"}


def is_zarr(path: Path) -> bool:
    """Whether ``path`` is the folder of a Zarr array or group."""
    return path.is_dir() and any((path / mark).is_file() for mark in _MARKS)


def read_zarr(path: Path) -> TiffContent:
    """Read a Zarr array, or the largest resolution of an OME-Zarr image.

    Raises
    ------
    StackError
        Damaged, no image in it, axes unknown.
    """
    content = open_zarr(path)
    try:
        return replace(content, pixels=np.asarray(content.pixels[...]))
    except MemoryError as error:
        raise too_large(path, error) from error
    except DAMAGE as error:
        raise unreadable(path, error) from error


def open_zarr(path: Path) -> TiffContent:
    """The same without reading pixels: ``pixels`` is the Zarr array, read where it is sliced."""
    import zarr  # heavy: only where such a file is opened

    try:
        node = zarr.open(path, mode="r")
        if isinstance(node, zarr.Array):
            return _plain(path, node)
        return _ome(path, node)
    except DAMAGE as error:
        if isinstance(error, StackError):
            raise
        raise unreadable(path, error) from error


def _plain(path: Path, array: Any) -> TiffContent:
    names = [str(name or "") for name in getattr(array.metadata, "dimension_names", None) or ()]
    known = bool(names) and all(names)
    axes = "".join(name[0].upper() for name in names) if known else _PLAIN_AXES.get(array.ndim)
    if axes is None:
        raise StackError(
            f"{path} is a Zarr array of {array.ndim} axes {array.shape}; a z-stack (ZYX) is "
            "wanted: save it as OME-Zarr."
        )
    return TiffContent(array, axes, named=known)


def _ome(path: Path, group: Any) -> TiffContent:
    import zarr

    facts = _image_facts(group)
    if facts is None and "0" in group:  # as bioformats2raw lays out its series
        group = group["0"]
        facts = _image_facts(group) if isinstance(group, zarr.Group) else None
    if facts is None:
        raise StackError(
            f"{path} is a Zarr group without an OME-Zarr image; give the folder of the image or "
            "of its array."
        )
    image = facts["multiscales"][0]
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in image["axes"]]
    largest = image["datasets"][0]
    scale = _scale(image, largest, len(axes))
    sizes = {
        axis["name"]: length_um(step, _UM_PER_UNIT[unit])
        for axis, step in zip(axes, scale, strict=True)
        if (unit := axis.get("unit")) in _UM_PER_UNIT
    }
    y, x = sizes.get("y"), sizes.get("x")
    if x and y and abs(x - y) > 0.01 * x:
        raise StackError(
            f"The pixels of {path} are not square ({x:g} × {y:g} µm); resample the image to "
            "square pixels."
        )
    channels = [item.get("label") for item in facts.get("omero", {}).get("channels", ())]
    return TiffContent(
        pixels=group[largest["path"]],
        axes="".join(axis["name"].upper() for axis in axes),
        pixel_size_um=x or y,
        z_step_um=sizes.get("z"),
        channels=tuple(str(name) for name in channels) if all(channels) else (),
        interval_s=_interval_s(axes, scale),
    )


def _interval_s(axes: list[dict[str, Any]], scale: list[float]) -> float | None:
    """Step of the time axis; None where it has no unit, which is how files without one look."""
    for axis, step in zip(axes, scale, strict=True):
        if axis["name"] == "t" and axis.get("unit") in _S_PER_UNIT and step > 0:
            return step * _S_PER_UNIT[axis["unit"]]
    return None


def _image_facts(group: Any) -> Mapping[str, Any] | None:
    """What the group says of its image: under ``ome`` since 0.5, bare before."""
    facts = dict(group.attrs)
    facts = facts.get("ome", facts)
    return facts if facts.get("multiscales") else None


def _scale(image: Mapping[str, Any], dataset: Mapping[str, Any], axes: int) -> list[float]:
    """Step along each axis: the image's own scale times that of the resolution."""
    total = [1.0] * axes
    for holder in (image, dataset):
        for move in holder.get("coordinateTransformations", ()):
            if move.get("type") == "scale":
                total = [a * float(b) for a, b in zip(total, move["scale"], strict=True)]
    return total
