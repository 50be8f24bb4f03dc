"""What preparation leaves: a folder with a manifest, and the fields, regions and grid in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from deepz_live.config import Settings
from deepz_live.image.normalization import Normalization
from deepz_live.session.files import replace_file, to_json
from deepz_live.train.errors import TrainingError
from deepz_live.train.patches import Region

MANIFEST = "manifest.json"
FORMAT: Literal[1] = 1

Box = tuple[slice, slice]
"""Part of a field, ``(slice in y, slice in x)`` in pixels."""


def common_box(shown: Box, box: Box | None) -> Box:
    """The part of ``shown`` that lies in ``box`` (None: all of it)."""
    if box is None:
        return shown
    y, x = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(shown, box, strict=True)
    )
    return y, x


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

    Attributes
    ----------
    voxels
        ``(Z, Y, X)`` camera counts of the input modality, memory-mapped.
    target
        ``(Z, Y, X)`` planes to learn, on the grid of ``voxels``: ``voxels`` itself, or another
        modality registered onto it (float32), memory-mapped.
    target_known
        ``(Z,)`` bool, planes that ``target`` really holds.
    mask
        ``(Y, X)`` bool, marks signal.
    training, validation
        Squares of the field; no pixel of one is in the other.
    origin
        Corner ``(y, x)`` of this field in the image it was cut from, pixels.
    """

    voxels: NDArray[Any]
    target: NDArray[Any]
    target_known: NDArray[np.bool_]
    mask: NDArray[np.bool_]
    training: tuple[Region, ...]
    validation: tuple[Region, ...]
    origin: tuple[int, int]


@dataclass(frozen=True)
class Prepared:
    """All fields, with what they have in common.

    ``target_normalization`` is that of another modality's planes, None where the planes to learn
    are the input's own. ``intensity_counts`` are the 0.1 and 99.99 percentiles of the inputs.
    """

    fields: tuple[Field, ...]
    normalization: Normalization
    target_normalization: Normalization | None
    grid: Grid
    pixel_size_um: float
    exposure_ms: float
    channel: str
    intensity_counts: tuple[float, float]
    seed: int

    @property
    def output_normalization(self) -> Normalization:
        """The normalisation of the planes to learn."""
        return self.target_normalization or self.normalization


class Source(Settings):
    """A file that was prepared: its name and SHA-256."""

    name: str
    sha256: str


class Order(Settings):
    """All that a prepared set follows from: the same order gives the same manifest.

    ``box`` are the first and last but one rows and columns of the part to train on.
    """

    sources: tuple[Source, ...]
    targets: tuple[Source, ...]
    box: tuple[tuple[int, int], tuple[int, int]] | None
    z_range_um: float | None
    region_px: int
    align: bool
    seed: int
    through_mask: bool = False


class FieldFacts(Settings):
    """What the manifest says of a field; files lie beside it.

    ``target_planes`` are the first and last but one plane that the target holds; ``overlap`` is
    the part of the regions' area that two of them share; ``registration`` tells how another
    modality lay against the field.
    """

    voxels: str
    mask: str
    cover: str
    target: str | None
    target_planes: tuple[int, int]
    origin: tuple[int, int]
    overlap: float
    training: tuple[Region, ...]
    validation: tuple[Region, ...]
    registration: dict[str, Any] | None


class Manifest(Settings):
    """``manifest.json`` of a prepared set."""

    format: Literal[1] = FORMAT
    order: Order
    grid: Grid
    pixel_size_um: float
    exposure_ms: float
    channel: str
    normalization: Normalization
    target_normalization: Normalization | None
    intensity_counts: tuple[float, float]
    fields: tuple[FieldFacts, ...]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it last: a folder with a manifest is a complete set."""
    replace_file(folder / MANIFEST, to_json(manifest.model_dump(mode="json"), indent=1))


def read_manifest(folder: Path) -> Manifest:
    """Read it back; raises :class:`TrainingError` where there is none or it is damaged."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise TrainingError(
            f"{folder} holds no {MANIFEST}, so it is no prepared set; prepare the stacks again."
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise TrainingError(
            f"{folder / MANIFEST}: {key}: {first['msg']}; it is damaged or of another version, "
            "prepare the stacks again."
        ) from error


def load_prepared(folder: Path) -> Prepared:
    """A prepared set from its folder, its stacks memory-mapped.

    Raises
    ------
    TrainingError
        No manifest, or files that are missing or damaged.
    """
    manifest = read_manifest(folder)
    return Prepared(
        fields=tuple(_field(folder, facts) for facts in manifest.fields),
        normalization=manifest.normalization,
        target_normalization=manifest.target_normalization,
        grid=manifest.grid,
        pixel_size_um=manifest.pixel_size_um,
        exposure_ms=manifest.exposure_ms,
        channel=manifest.channel,
        intensity_counts=manifest.intensity_counts,
        seed=manifest.order.seed,
    )


def _field(folder: Path, facts: FieldFacts) -> Field:
    voxels = _mapped(folder / facts.voxels)
    target = voxels if facts.target is None else _mapped(folder / facts.target)
    mask = np.asarray(_mapped(folder / facts.mask))
    if mask.shape != voxels.shape[1:] or target.shape != voxels.shape:
        raise TrainingError(
            f"{folder}: {facts.voxels} of shape {voxels.shape}, its mask {mask.shape} and its "
            f"target {target.shape} do not fit together; prepare the stacks again."
        )
    known = np.zeros(len(voxels), bool)
    known[slice(*facts.target_planes)] = True
    return Field(voxels, target, known, mask, facts.training, facts.validation, facts.origin)


def _mapped(file: Path) -> NDArray[Any]:
    try:
        return np.asanyarray(np.load(file, mmap_mode="r"))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{file} is missing or damaged ({error}); prepare the stacks again."
        ) from error
