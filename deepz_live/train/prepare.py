"""Calibration stacks to something a network can be trained on (paper, "Image pre-processing")."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.focus import extended_depth_of_field, middle_plane, sharpness
from deepz_live.image.normalization import Normalization, NormalizationError
from deepz_live.session.png import write_png
from deepz_live.train.align import align_planes
from deepz_live.train.cover import overlap
from deepz_live.train.errors import TrainingError
from deepz_live.train.intake import (
    Once,
    Part,
    check_alike,
    check_box,
    check_focus,
    check_signal,
    check_size,
    read_part,
)
from deepz_live.train.patches import Region, foreground
from deepz_live.train.picture import cover_picture
from deepz_live.train.prepared import (
    MANIFEST,
    Box,
    Field,
    FieldFacts,
    Grid,
    Manifest,
    Order,
    Prepared,
    Source,
    common_box,
    load_prepared,
    read_manifest,
    write_manifest,
)
from deepz_live.train.preset import Preset
from deepz_live.train.split import split_regions
from deepz_live.train.targets import Registered, partners, register_target

__all__ = ["Box", "Field", "Grid", "Prepared", "load_prepared", "prepare"]

PLANES_EACH_SIDE = 20
USUAL_REACH_UM, USUAL_SHARE = 10.0, 0.4
"""Refocus range where the preset names none: so far, or this part of the stack's depth."""
SAMPLED_EVERY = 4
"""Every so many pixels are looked at for the range of intensities."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class _Saved:
    """A field whose stacks are on disk, before regions are chosen."""

    voxels: NDArray[Any]
    edf: NDArray[np.float32]
    target_edf: NDArray[np.float32] | None
    target_planes: tuple[int, int]
    mask: NDArray[np.bool_]
    origin: tuple[int, int]
    registration: dict[str, Any] | None


def prepare(
    paths: Sequence[Path],
    preset: Preset,
    work: Path,
    *,
    box: Box | None = None,
    targets: Sequence[Path] = (),
    through_mask: bool = False,
    report: Report = lambda _: None,
    admit: Callable[[Order], None] = lambda _: None,
) -> Prepared:
    """Align, fuse, normalise, mask and cut; leaves a prepared set in the folder ``work``.

    The set is ``manifest.json``, and for each stack its aligned planes, its mask, the planes of
    another modality if there are any, and a picture of the regions. Where ``work`` holds a set
    of the very same sources and settings, that one is used.

    Parameters
    ----------
    paths
        Calibration stacks of one microscope and channel.
    work
        Folder of the set; made if missing.
    box
        Part of the field to train on, ``(slice in y, slice in x)`` in pixels.
    targets
        Stacks of another modality to learn instead of the stacks' own planes, one for each.
    through_mask
        The stacks were captured through a phase mask: see :func:`register_target`.
    admit
        Called with what the set follows from before anything in ``work`` is touched; may refuse.

    Raises
    ------
    TrainingError
        No stacks, stacks of different sampling; a stack that is too short, flat, saturated or
        lacks its focus; targets that do not fit the stacks.
    StackError
        A file that cannot be read.
    """
    if not paths:
        raise TrainingError("No z-stacks to train on; capture some with `deepz-live calibrate`.")
    matched = partners(paths, targets) if targets else [None] * len(paths)
    report("Checking the stacks")
    order = _order(paths, [path for path in matched if path is not None], preset, box)
    order = order.model_copy(update={"through_mask": through_mask})
    admit(order)
    if (work / MANIFEST).is_file() and read_manifest(work).order == order:
        report("The stacks are prepared already")
        return load_prepared(work)
    work.mkdir(parents=True, exist_ok=True)
    (work / MANIFEST).unlink(missing_ok=True)
    first, grid, saved = None, None, []
    once = Once()
    for number, (path, target) in enumerate(zip(paths, matched, strict=True)):
        report(f"Preparing {path.name}")
        part = read_part(path)
        check_box(part, box)
        first = first or replace(part, voxels=part.voxels[:, :1, :1])
        grid = grid or _grid(part, preset, report)
        check_alike(part, first)
        once.check(path, part)
        check_depth(part, grid)
        saved.append(_saved(part, target, number, work, grid, preset, box, through_mask))
    if first is None or grid is None:
        raise TrainingError("No z-stacks to train on.")
    report("Normalising and cutting regions")
    manifest = _manifest(order, first, grid, saved, preset)
    for one, facts in zip(saved, manifest.fields, strict=True):
        picture = cover_picture(one.edf, one.mask, facts.training, facts.validation)
        write_png(work / facts.cover, picture)
    write_manifest(work, manifest)
    return load_prepared(work)


def check_depth(part: Part, grid: Grid) -> None:
    """Raise :class:`TrainingError` where a stack does not hold the refocus range both ways."""
    if 2 * grid.count * grid.stride > len(part.voxels) - 1:
        raise _too_short(part, grid.count * grid.step_um)


def _too_short(part: Part, reach_um: float) -> TrainingError:
    return TrainingError(
        f"{part.name} is {part.depth_um:g} µm deep in {len(part.voxels)} planes, too short for a "
        f"refocus range of ±{reach_um:g} µm; capture at least twice that range."
    )


def _order(
    paths: Sequence[Path], targets: Sequence[Path], preset: Preset, box: Box | None
) -> Order:
    return Order(
        sources=tuple(_source(path) for path in paths),
        targets=tuple(_source(path) for path in targets),
        box=None if box is None else ((box[0].start, box[0].stop), (box[1].start, box[1].stop)),
        z_range_um=preset.z_range_um,
        region_px=preset.region_px,
        align=preset.align,
        seed=preset.seed,
    )


def _source(path: Path) -> Source:
    try:
        with path.open("rb") as file:
            return Source(name=path.name, sha256=hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error}); check the file.") from error


def _grid(part: Part, preset: Preset, report: Report) -> Grid:
    """A range that was asked for is reached; of its own the finer planes are preferred to it."""
    if preset.z_range_um is not None:
        return _reaching(part, preset.z_range_um)
    reach = min(USUAL_REACH_UM, USUAL_SHARE * part.depth_um)
    stride = max(1, round(reach / (PLANES_EACH_SIDE * part.z_step_um)))
    finer, whole = _with_stride(part, reach, stride), _reaching(part, reach)
    if whole.distances_um[-1] > finer.distances_um[-1]:
        report(
            f"The model will refocus {_range_of(finer)}, {finer.count} planes each way; "
            f"z_range_um: {reach:.3g} in the preset would make it {_range_of(whole)}."
        )
    return finer


def _reaching(part: Part, reach_um: float) -> Grid:
    """The finest grid that goes as far as ``reach_um``, or less than a step short of it."""
    stride = math.ceil(reach_um / (PLANES_EACH_SIDE * part.z_step_um) - 1e-6)
    return _with_stride(part, reach_um, max(1, stride))


def _with_stride(part: Part, reach_um: float, stride: int) -> Grid:
    count = min(PLANES_EACH_SIDE, int(reach_um / (stride * part.z_step_um) + 1e-6))
    if count < 2:
        raise _too_short(part, reach_um)
    return Grid(stride * part.z_step_um, stride, count)


def _range_of(grid: Grid) -> str:
    last = grid.distances_um[-1]
    return f"−{last:.3g} … +{last:.3g} µm in steps of {grid.step_um:.3g} µm"


def _saved(
    part: Part,
    target: Path | None,
    number: int,
    work: Path,
    grid: Grid,
    preset: Preset,
    box: Box | None,
    through_mask: bool,
) -> _Saved:
    """Align one stack, register its target, check and save what is learnt from."""
    part, shown = _aligned(part, preset)
    other = None
    if target is not None:
        other = register_target(target, part, shown, through_mask=through_mask)
    y, x = common_box(other.box if other else shown, box)
    check_size(part.name, y.stop - y.start, x.stop - x.start)
    part = replace(part, voxels=np.ascontiguousarray(part.voxels[:, y, x]))
    edf = extended_depth_of_field(part.voxels)
    mask = foreground(edf)
    check_signal(part, edf, mask)
    check_focus(part, mask, grid.count * grid.stride)
    np.save(work / f"field_{number:03d}.npy", part.voxels)
    np.save(work / f"mask_{number:03d}.npy", mask)
    return _Saved(
        voxels=np.load(work / f"field_{number:03d}.npy", mmap_mode="r"),
        edf=edf,
        target_edf=None if other is None else _save_target(other, (y, x), number, work),
        target_planes=(0, len(part.voxels)) if other is None else other.planes,
        mask=mask,
        origin=(y.start, x.start),
        registration=None if other is None else other.facts,
    )


def _aligned(part: Part, preset: Preset) -> tuple[Part, Box]:
    height, width = part.voxels.shape[1:]
    if not preset.align:
        return part, (slice(0, height), slice(0, width))
    focus = int(np.argmax(sharpness(part.voxels)))
    voxels, shown = align_planes(part.voxels, focus, PLANES_EACH_SIDE)
    return replace(part, voxels=voxels), shown


def _save_target(other: Registered, box: Box, number: int, work: Path) -> NDArray[np.float32]:
    """Saves the known part with zeros where planes are unknown; returns its EDF."""
    voxels = other.voxels[:, box[0], box[1]]
    first, stop = other.planes
    known = np.zeros_like(voxels)
    known[first:stop] = voxels[first:stop]
    np.save(work / f"target_{number:03d}.npy", known)
    return extended_depth_of_field(known[first:stop])


def _manifest(
    order: Order, first: Part, grid: Grid, saved: Sequence[_Saved], preset: Preset
) -> Manifest:
    reach = grid.count * grid.stride
    split = split_regions(
        [one.mask for one in saved], preset.region_px, np.random.default_rng(preset.seed)
    )
    fields = []
    for number, one in enumerate(saved):
        training, validation = (
            tuple(_with_middle(r, one.voxels, reach) for n, r in side if n == number)
            for side in split
        )
        fields.append(
            FieldFacts(
                voxels=f"field_{number:03d}.npy",
                mask=f"mask_{number:03d}.npy",
                cover=f"cover_{number:03d}.png",
                target=None if one.target_edf is None else f"target_{number:03d}.npy",
                target_planes=one.target_planes,
                origin=one.origin,
                overlap=round(overlap(training), 4),
                training=training,
                validation=validation,
                registration=one.registration,
            )
        )
    target_edfs = [one.target_edf for one in saved if one.target_edf is not None]
    every = np.s_[:: grid.stride, ::SAMPLED_EVERY, ::SAMPLED_EVERY]
    sample = [one.voxels[every].ravel() for one in saved]
    low, high = np.percentile(np.concatenate(sample), (0.1, 99.99))
    return Manifest(
        order=order,
        grid=grid,
        pixel_size_um=first.pixel_size_um,
        exposure_ms=first.exposure_ms,
        channel=first.channel,
        normalization=_normalization([one.edf for one in saved], "calibration"),
        target_normalization=_normalization(target_edfs, "target") if target_edfs else None,
        intensity_counts=(float(low), float(high)),
        fields=tuple(fields),
    )


def _with_middle(region: Region, voxels: NDArray[Any], reach: int) -> Region:
    part = voxels[(slice(None), *region.slices)]
    return replace(region, middle=middle_plane(part, reach))


def _normalization(edfs: Sequence[NDArray[np.float32]], kind: str) -> Normalization:
    try:
        return Normalization.fit(np.concatenate([edf.ravel() for edf in edfs]))
    except NormalizationError as error:
        raise TrainingError(f"The {kind} stacks cannot be used: {error}") from error
