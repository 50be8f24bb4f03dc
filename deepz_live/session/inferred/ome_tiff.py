"""Refocused planes as OME-TIFF."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.inferred.facts import CHANNEL, NAMESPACE, InferredFacts
from deepz_live.session.tiff_output import pixel_facts, write_ome_tiff

MOST_PLANE_FACTS = 20_000
"""Of more planes than this not each one's place is written, but the steps alone."""


def write_ome_tiff_planes(
    path: Path,
    stacks: Iterable[NDArray[Any]],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    facts: InferredFacts,
) -> None:
    """Write stacks of ``shape`` ``(T, P, Y, X)``; raises :class:`StackError`."""
    one = shape[0] == 1
    metadata = {"axes": "ZYX" if one else "TZYX", **_metadata(shape, facts)}
    pages = (plane for planes in stacks for plane in np.ascontiguousarray(planes))
    write_ome_tiff(path, pages, metadata, shape=shape[1:] if one else shape, dtype=dtype)


def _metadata(shape: tuple[int, ...], facts: InferredFacts) -> dict[str, Any]:
    found: dict[str, Any] = {
        **pixel_facts(facts.pixel_size_um),
        "Description": facts.description,
        "Channel": {"Name": [CHANNEL]},
        "MapAnnotation": {"Namespace": NAMESPACE, **facts.annotations},
    }
    if facts.z_step_um is not None:
        found |= {"PhysicalSizeZ": facts.z_step_um, "PhysicalSizeZUnit": "µm"}
    if facts.interval_s is not None:
        found |= {"TimeIncrement": facts.interval_s, "TimeIncrementUnit": "s"}
    count = shape[0] * shape[1]
    if count <= MOST_PLANE_FACTS:
        found["Plane"] = _plane_facts(shape, facts)
    return found


def _plane_facts(shape: tuple[int, ...], facts: InferredFacts) -> dict[str, Any]:
    """Position and time of each page, in the order of pages."""
    frames, planes = shape[:2]
    found: dict[str, Any] = {}
    if np.isfinite(facts.distances_um).all():
        found["PositionZ"] = [float(z) for z in facts.distances_um] * frames
        found["PositionZUnit"] = ["µm"] * (frames * planes)
    if len(facts.times_s) == frames:
        begin = facts.times_s[0]
        found["DeltaT"] = [float(t - begin) for t in facts.times_s for _ in range(planes)]
        found["DeltaTUnit"] = ["s"] * (frames * planes)
    return found
