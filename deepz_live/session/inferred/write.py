"""Planes of one frame, or of many, written as they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from deepz_live.session.errors import StackError
from deepz_live.session.inferred.facts import InferredFacts
from deepz_live.session.inferred.ome_tiff import write_ome_tiff_planes
from deepz_live.session.inferred.ome_zarr import write_ome_zarr_planes

Planes = NDArray[Any]
WRITERS = {
    ".tif": write_ome_tiff_planes,
    ".tiff": write_ome_tiff_planes,
    ".zarr": write_ome_zarr_planes,
}


def write_inferred(
    path: Path | str, stacks: Iterable[Planes], count: int, facts: InferredFacts
) -> None:
    """Write the planes ``(P, Y, X)`` of ``count`` frames, of which each is taken when its turn is.

    The name says the format: ``.tif`` is OME-TIFF, ``.zarr`` OME-Zarr. Axes are ZYX for one
    frame, else TZYX. The file has its name when it is complete; whatever ``stacks`` raises leaves
    nothing behind.

    Raises
    ------
    StackError
        Another ending; shapes, types or numbers that do not match; it cannot be written.
    """
    path = Path(path)
    check_name(path)
    checked = _checked(path, stacks, count, facts)
    try:
        first = next(checked)
    except StopIteration:
        raise StackError(f"Could not write {path}: there is no frame to write.") from None
    shape = (count, *first.shape)
    WRITERS[path.suffix.lower()](path, _again(first, checked), shape, first.dtype, facts)


def check_name(path: Path) -> None:
    """Raise :class:`StackError` where the name is of no format that is written, or is taken."""
    if path.suffix.lower() not in WRITERS:
        raise StackError(
            f"Could not write {path}: a name ending in .ome.tif (OME-TIFF) or .zarr (OME-Zarr) is "
            "wanted."
        )
    if path.is_dir():
        raise StackError(f"Could not write {path}: there is a folder of that name; give a new one.")


def _checked(
    path: Path, stacks: Iterable[Planes], count: int, facts: InferredFacts
) -> Iterator[Planes]:
    first: Planes | None = None
    number = 0
    for planes in stacks:
        if planes.ndim != 3 or len(planes) != len(facts.distances_um):
            raise StackError(
                f"Could not write {path}: planes of shape {planes.shape} do not match "
                f"{len(facts.distances_um)} refocus distances; one (Y, X) plane a distance is "
                "wanted."
            )
        first = planes if first is None else first
        if planes.shape != first.shape or planes.dtype != first.dtype:
            raise StackError(
                f"Could not write {path}: frame {number} made {planes.shape} {planes.dtype}, the "
                f"first {first.shape} {first.dtype}; frames of one size are wanted."
            )
        number += 1
        yield planes
    if number != count:
        raise StackError(f"Could not write {path}: {number} of {count} frames came.")


def _again(first: Planes, rest: Iterator[Planes]) -> Iterator[Planes]:
    yield first
    yield from rest
