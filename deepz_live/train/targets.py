"""Stacks of another modality as targets: which belongs to which, and onto the input's voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.crossmodal import CrossmodalError, align_stacks
from deepz_live.train.align import inner_box
from deepz_live.train.errors import TrainingError
from deepz_live.train.intake import Part, read_part
from deepz_live.train.prepared import Box

DIGITS = 6
"""Decimals of the registration in the manifest."""


@dataclass(frozen=True)
class Registered:
    """A target on the input's voxels.

    ``voxels`` ``(Z, Y, X)`` float32, of the whole field; ``planes`` and ``box`` are the part of
    them that the target stack holds, ``facts`` how it lay.
    """

    voxels: NDArray[np.float32]
    planes: tuple[int, int]
    box: Box
    facts: dict[str, Any]


def partners(paths: Sequence[Path], targets: Sequence[Path]) -> list[Path]:
    """The target of each stack: the one of the same file name, or else of the same place in the
    order of names.

    Raises
    ------
    TrainingError
        There are more or fewer targets than stacks.
    """
    by_name = {path.name: path for path in targets}
    if len(by_name) == len(targets) and all(path.name in by_name for path in paths):
        return [by_name[path.name] for path in paths]
    if len(paths) != len(targets):
        raise TrainingError(
            f"{len(paths)} stacks and {len(targets)} target stacks were given; give one target "
            "for each stack, with the same file name or in the same order of names."
        )
    places = sorted(range(len(paths)), key=lambda i: str(paths[i]))
    ordered = dict(zip(places, sorted(targets), strict=True))
    return [ordered[i] for i in range(len(paths))]


def register_target(
    path: Path, fixed: Part, shown: Box, *, through_mask: bool = False
) -> Registered:
    """Read a target stack and bring it onto the voxels of ``fixed``.

    Parameters
    ----------
    shown
        The part of the field that all planes of ``fixed`` show.
    through_mask
        ``fixed`` was captured through a phase mask. It looks like nothing in the target, so there
        is nothing to register by: the two are taken to lie voxel on voxel, as they do when the
        mask goes in and neither sample nor stage moves.

    Raises
    ------
    TrainingError
        The two cannot be registered, or the target shows too little of the field; through a mask,
        the two have different voxels.
    """
    moving = read_part(path)
    if through_mask:
        return _as_it_lies(moving, fixed, shown)
    try:
        alignment = align_stacks(
            moving.voxels,
            fixed.voxels,
            moving_step_um=moving.z_step_um,
            fixed_step_um=fixed.z_step_um,
            moving_pixel_um=moving.pixel_size_um,
            fixed_pixel_um=fixed.pixel_size_um,
        )
        voxels = alignment.apply(moving.voxels, fixed.voxels.shape)
    except CrossmodalError as error:
        raise TrainingError(
            f"Target {path.name} could not be registered onto {fixed.name}: {error}"
        ) from error
    known = np.isfinite(voxels)
    held = np.flatnonzero(known.any(axis=(1, 2)))
    if not len(held):
        raise TrainingError(
            f"Target {path.name} shares no depth with {fixed.name}; check that the two files "
            "show the same field."
        )
    first, stop = int(held[0]), int(held[-1]) + 1
    lateral = np.zeros(known.shape[1:], bool)
    lateral[shown] = np.logical_and.reduce(known[first:stop])[shown]
    return Registered(
        voxels,
        (first, stop),
        inner_box(lateral),
        {
            "z_shift_um": round(float(alignment.z_shift_um), DIGITS),
            "shift_px": [round(float(v), DIGITS) for v in alignment.shift_px],
            "matrix": np.round(np.asarray(alignment.matrix, float), DIGITS).tolist(),
            "score": round(float(alignment.score), DIGITS),
        },
    )


def _as_it_lies(moving: Part, fixed: Part, shown: Box) -> Registered:
    found, wanted = (
        (part.voxels.shape, part.pixel_size_um, part.z_step_um) for part in (moving, fixed)
    )
    if found != wanted:
        raise TrainingError(
            f"Target {moving.name} has shape, pixel and z step {found}, but {fixed.name}, captured "
            f"through a phase mask, has {wanted}; capture both with the same plan."
        )
    voxels = np.asarray(moving.voxels, np.float32)
    return Registered(voxels, (0, len(voxels)), shown, {"registered": False})
