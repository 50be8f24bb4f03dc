"""Refocused planes as OME-Zarr (NGFF 0.5, Zarr 3)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.errors import StackError
from deepz_live.session.inferred.facts import CHANNEL, NAMESPACE, InferredFacts


def write_ome_zarr_planes(
    path: Path,
    stacks: Iterable[NDArray[Any]],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    facts: InferredFacts,
) -> None:
    """Write stacks of ``shape`` ``(T, P, Y, X)``, a chunk a plane; raises :class:`StackError`.

    The folder is written beside its place and renamed when it is complete.
    """
    part = path.with_name(path.name + ".part")
    try:
        _write(part, stacks, shape, dtype, facts)
        part.rename(path)
    except OSError as error:
        raise StackError(
            f"Could not write {path}: {error.strerror or error}; choose a folder that exists, can "
            "be written to and has room."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(
    folder: Path,
    stacks: Iterable[NDArray[Any]],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    facts: InferredFacts,
) -> None:
    import zarr  # heavy: only where such a file is written

    if not folder.parent.is_dir():
        raise FileNotFoundError(2, "No such file or directory", str(folder.parent))
    names = "tzyx" if shape[0] > 1 else "zyx"
    group = zarr.open_group(folder, mode="w", zarr_format=3)
    group.attrs.update(group_attributes(names, facts))
    array = group.create_array(
        "0",
        shape=shape[-len(names) :],
        chunks=(1,) * (len(names) - 2) + shape[-2:],
        dtype=dtype,
        dimension_names=tuple(names),
    )
    for number, planes in enumerate(stacks):
        array[(number,) if len(names) == 4 else ...] = planes


def group_attributes(names: str, facts: InferredFacts) -> dict[str, Any]:
    """Of an image with axes ``names``, e.g. ``"tzyx"``: OME metadata, and that it is inferred."""
    return {
        "ome": {"version": "0.5", **_ome(names, facts)},
        NAMESPACE: {"description": facts.description, **facts.annotations},
    }


def _ome(names: str, facts: InferredFacts) -> dict[str, Any]:
    units = {"y": "micrometer", "x": "micrometer"}
    scale = dict.fromkeys(names, 1.0) | {"y": facts.pixel_size_um, "x": facts.pixel_size_um}
    begin = dict.fromkeys(names, 0.0)
    ascending = len(facts.distances_um) > 1 and facts.distances_um[1] > facts.distances_um[0]
    if facts.z_step_um is not None and ascending:
        units["z"], scale["z"] = "micrometer", facts.z_step_um
        begin["z"] = float(facts.distances_um[0])
    if facts.interval_s is not None:
        units["t"], scale["t"] = "second", facts.interval_s
    moves = [
        {"type": "scale", "scale": [scale[name] for name in names]},
        {"type": "translation", "translation": [begin[name] for name in names]},
    ]
    return {
        "multiscales": [
            {
                "name": CHANNEL,
                "axes": [
                    {"name": name, "type": "time" if name == "t" else "space"}
                    | ({"unit": units[name]} if name in units else {})
                    for name in names
                ],
                "datasets": [{"path": "0", "coordinateTransformations": moves}],
            }
        ]
    }
