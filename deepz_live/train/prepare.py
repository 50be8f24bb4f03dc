"""Calibration stacks to something a network can be trained on (paper, "Image pre-processing")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.focus import extended_depth_of_field, middle_plane, sharpness
from deepz_live.image.normalization import Normalization, NormalizationError
from deepz_live.session.stack import Stack, read_stack
from deepz_live.train.align import align_planes
from deepz_live.train.errors import TrainingError
from deepz_live.train.patches import Region, cover, foreground
from deepz_live.train.preset import Preset

PLANES_EACH_SIDE = 20
TRAINING_SHARE = 0.85
MINIMUM_REGIONS = 4
Box = tuple[slice, slice]


@dataclass(frozen=True)
class Grid:
    """The refocus distances a model learns: ``count`` steps on either side of the input plane."""

    step_um: float
    stride: int
    """Stack planes between two grid planes."""
    count: int

    @property
    def distances_um(self) -> tuple[float, ...]:
        return tuple(round(k * self.step_um, 6) for k in range(-self.count, self.count + 1))


@dataclass(frozen=True)
class Field:
    """One prepared stack.

    ``voxels`` ``(Z, Y, X)`` uint16 camera counts, memory-mapped; ``middle`` is the index of the
    plane around which inputs are taken; ``mask`` ``(Y, X)`` marks signal.
    """

    voxels: NDArray[np.uint16]
    mask: NDArray[np.bool_]
    middle: int
    training: tuple[Region, ...]
    validation: tuple[Region, ...]


@dataclass(frozen=True)
class Prepared:
    """All fields, with what they have in common."""

    fields: tuple[Field, ...]
    normalization: Normalization
    grid: Grid
    pixel_size_um: float
    exposure_ms: float
    channel: str
    intensity_counts: tuple[float, float]


def prepare(
    paths: Sequence[Path],
    preset: Preset,
    work: Path,
    *,
    box: Box | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """Align, fuse, normalise, mask and cut; aligned stacks go to ``work`` as ``.npy``.

    Parameters
    ----------
    paths
        Calibration stacks of one microscope and channel.
    box
        Part of the field to train on, ``(slice in y, slice in x)`` in pixels.

    Raises
    ------
    TrainingError
        No stacks, stacks of different sampling, a stack that is too short or flat.
    """
    if not paths:
        raise TrainingError("No z-stacks to train on; capture some with `deepz-live calibrate`.")
    stacks = []
    for path in paths:
        report(f"Reading {path.name}")
        stacks.append(_cut(read_stack(path), box, path))
    first = stacks[0]
    _check_alike(stacks, paths)
    grid = _grid(first, preset)
    fused, aligned = [], []
    for number, (stack, path) in enumerate(zip(stacks, paths, strict=True)):
        report(f"Aligning {path.name}")
        voxels = _align(stack, preset)
        file = work / f"field_{number:03d}.npy"
        np.save(file, voxels)
        aligned.append(np.load(file, mmap_mode="r"))
        fused.append(extended_depth_of_field(voxels))
    report("Normalising and cutting regions")
    try:
        normalization = Normalization.fit(np.stack(fused))
    except NormalizationError as error:
        raise TrainingError(f"The calibration stacks cannot be used: {error}") from error
    fields = _fields(aligned, fused, preset, grid)
    sample = np.concatenate([v[:: grid.stride, ::4, ::4].ravel() for v in aligned])
    low, high = np.percentile(sample, (0.1, 99.99))
    return Prepared(
        fields,
        normalization,
        grid,
        first.pixel_size_um,
        first.exposure_ms,
        first.channel,
        (float(low), float(high)),
    )


def _fields(
    aligned: Sequence[NDArray[np.uint16]],
    fused: Sequence[NDArray[np.float32]],
    preset: Preset,
    grid: Grid,
) -> tuple[Field, ...]:
    """Mask, middle plane and regions of every stack; regions split for training and validation."""
    masks = [foreground(edf) for edf in fused]
    regions = _regions(masks, preset.region_px)
    split = _split(regions, np.random.default_rng(preset.seed))
    return tuple(
        Field(
            voxels=voxels,
            mask=mask,
            middle=middle_plane(voxels, grid.count * grid.stride),
            training=tuple(r for n, r in split[0] if n == number),
            validation=tuple(r for n, r in split[1] if n == number),
        )
        for number, (voxels, mask) in enumerate(zip(aligned, masks, strict=True))
    )


def _cut(stack: Stack, box: Box | None, path: Path) -> Part:
    voxels = stack.voxels
    if box is not None:
        height, width = voxels.shape[1:]
        y, x = box
        if y.stop > height or x.stop > width:
            raise TrainingError(
                f"Region {y.start}:{y.stop},{x.start}:{x.stop} leaves the field of {path.name}, "
                f"which is {height} × {width} pixels; choose a region inside it."
            )
        voxels = voxels[:, y, x]
    return Part(
        np.ascontiguousarray(voxels),
        stack.pixel_size_um,
        stack.z_step_um,
        stack.channel,
        stack.exposure_ms,
    )


@dataclass(frozen=True)
class Part:
    """A stack, or the part of it that is trained on."""

    voxels: NDArray[np.uint16]
    pixel_size_um: float
    z_step_um: float
    channel: str
    exposure_ms: float


def _check_alike(stacks: Sequence[Part], paths: Sequence[Path]) -> None:
    first = stacks[0]
    for stack, path in zip(stacks, paths, strict=True):
        found = (stack.pixel_size_um, stack.z_step_um, stack.channel)
        wanted = (first.pixel_size_um, first.z_step_um, first.channel)
        if found != wanted:
            raise TrainingError(
                f"{path.name} has pixel, z step and channel {found}, but {paths[0].name} has "
                f"{wanted}; train on stacks of one microscope and channel."
            )
        if min(stack.voxels.shape[1:]) < 64:
            raise TrainingError(
                f"{path.name}: the part to train on is {stack.voxels.shape[1]} × "
                f"{stack.voxels.shape[2]} pixels, at least 64 × 64 are needed."
            )


def _grid(stack: Part, preset: Preset) -> Grid:
    depth = (len(stack.voxels) - 1) * stack.z_step_um
    reach = preset.z_range_um or min(10.0, 0.4 * depth)
    stride = max(1, round(reach / (PLANES_EACH_SIDE * stack.z_step_um)))
    count = min(PLANES_EACH_SIDE, int(reach / (stride * stack.z_step_um) + 1e-6))
    if count < 2 or 2 * count * stride > len(stack.voxels) - 1:
        raise TrainingError(
            f"The stacks are {depth:g} µm deep in {len(stack.voxels)} planes, too short for a "
            f"refocus range of ±{reach:g} µm; capture at least twice that range."
        )
    return Grid(stride * stack.z_step_um, stride, count)


def _align(stack: Part, preset: Preset) -> NDArray[np.uint16]:
    voxels = stack.voxels
    if not preset.align:
        return voxels
    focus = int(np.argmax(sharpness(voxels)))
    return align_planes(voxels, focus, PLANES_EACH_SIDE)


def _regions(masks: Sequence[NDArray[np.bool_]], side: int) -> list[tuple[int, Region]]:
    """All regions of all fields; smaller ones where there would be too few to split."""
    while True:
        regions = [(n, region) for n, mask in enumerate(masks) for region in cover(mask, side)]
        if len(regions) >= MINIMUM_REGIONS or side <= 64:
            return regions
        side = max(64, side // 2)


def _split(
    regions: list[tuple[int, Region]], rng: np.random.Generator
) -> tuple[list[tuple[int, Region]], list[tuple[int, Region]]]:
    if len(regions) < 2:
        raise TrainingError(
            "The stacks hold too little signal: fewer than two regions to train and validate on; "
            "capture more fields or a brighter sample."
        )
    order = [regions[i] for i in rng.permutation(len(regions))]
    count = min(len(order) - 1, max(1, round(TRAINING_SHARE * len(order))))
    return order[:count], order[count:]
