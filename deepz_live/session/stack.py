"""Z-stacks and single images at rest: TIFF in, OME-TIFF out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.errors import StackError
from deepz_live.session.stack_facts import StackFacts, stack_xml
from deepz_live.session.tiff import TiffContent, read_tiff
from deepz_live.session.tiff_output import (
    OME_DTYPES,
    pixel_facts,
    write_ome_tiff,
    write_tiff,
    z_facts,
)
from deepz_live.session.tiff_series import incomplete

__all__ = ["Stack", "StackError", "read_image", "read_stack", "write_stack"]


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """A mechanical z-stack of one field of view and channel.

    Attributes
    ----------
    voxels
        ``(Z, Y, X)``, counts, the camera's dtype; planes go up in stage z.
    pixel_size_um, z_step_um
        Sampling, µm.
    channel
        Channel name; ``"channel 0"`` where the file has none.
    exposure_ms
        Exposure time; 0 where unknown.
    z_um
        ``(Z,)`` float64, stage z of each plane. Where the file does not say, plane ``Z // 2`` is
        at 0.
    source
        A line for people: the file it came from.
    """

    voxels: NDArray[Any]
    pixel_size_um: float
    z_step_um: float
    channel: str
    exposure_ms: float
    z_um: NDArray[np.float64]
    source: str


def read_stack(
    path: Path | str,
    pixel_size_um: float | None = None,
    z_step_um: float | None = None,
    *,
    channel: int | str | None = None,
) -> Stack:
    """Read a z-stack from an OME-TIFF, ImageJ TIFF or plain multi-page TIFF.

    Parameters
    ----------
    pixel_size_um, z_step_um
        Override what the file says; needed where it says nothing.
    channel
        Number or name, needed where the file holds several.

    Raises
    ------
    StackError
        File missing, not a TIFF, damaged, not a z-stack, several channels and none chosen,
        planes of the channel missing, sampling unknown, values that are not finite.
    """
    path = Path(path)
    return stack_of(path, read_tiff(path), pixel_size_um, z_step_um, channel=channel)


def stack_of(
    path: Path,
    content: TiffContent,
    pixel_size_um: float | None = None,
    z_step_um: float | None = None,
    *,
    channel: int | str | None = None,
) -> Stack:
    """The z-stack in what was read from ``path``, whichever format; else as :func:`read_stack`."""
    voxels, number, name = _one_channel(path, content, channel)
    _check_present(path, content, number)
    _check_finite(path, voxels)
    pixel = _sampling(path, "pixel size", "pixel_size_um", pixel_size_um, content.pixel_size_um)
    planes = content.planes_of(number)
    stored = content.z_step_um if content.z_step_um else _even_step(planes.z_um)
    step = _sampling(path, "z step", "z_step_um", z_step_um, stored)
    z_um = _positions(planes.z_um, len(voxels), step)
    if len(z_um) > 1 and z_um[-1] < z_um[0]:
        voxels, z_um = voxels[::-1], z_um[::-1]
    return Stack(
        voxels=voxels,
        pixel_size_um=pixel,
        z_step_um=step,
        channel=name,
        exposure_ms=planes.exposure_ms or 0.0,
        z_um=z_um,
        source=str(path),
    )


def write_stack(path: Path | str, stack: Stack, about: StackFacts | None = None) -> None:
    """Write a stack as OME-TIFF with physical sizes, plane positions, channel and exposure.

    ``about``, where given, adds optics, places, the time of each plane and versions.

    Raises
    ------
    StackError
        The stack is not ``(Z, Y, X)`` with one position a plane, OME-TIFF has no pixels of this
        type, or the file cannot be written.
    """
    if stack.voxels.ndim != 3 or len(stack.voxels) != len(stack.z_um):
        raise StackError(
            f"Could not write {path}: voxels of shape {stack.voxels.shape} and "
            f"{len(stack.z_um)} plane positions do not make a (Z, Y, X) stack."
        )
    if stack.voxels.dtype.name not in OME_DTYPES:
        raise StackError(
            f"Could not write {path}: OME-TIFF has no {stack.voxels.dtype} pixels, which "
            f"{stack.source} holds; save that as uint16, or as float32 where it has fractions."
        )
    if about is not None:
        name = Path(path).name.removesuffix(".ome.tif")
        write_tiff(Path(path), stack.voxels, stack_xml(stack, about, name))
        return
    facts = {**pixel_facts(stack.pixel_size_um), **z_facts(stack.z_um)}
    facts |= {"PhysicalSizeZ": stack.z_step_um, "PhysicalSizeZUnit": "µm"}
    facts["Channel"] = {"Name": [stack.channel]}
    if stack.exposure_ms > 0:
        count = len(stack.voxels)
        facts["Plane"]["ExposureTime"] = [float(stack.exposure_ms)] * count
        facts["Plane"]["ExposureTimeUnit"] = ["ms"] * count
    write_ome_tiff(Path(path), stack.voxels, facts)


def read_image(path: Path | str) -> tuple[NDArray[Any], float | None]:
    """Read one image ``(Y, X)`` and its pixel size in µm, None where the file does not say.

    Raises
    ------
    StackError
        File missing, not a TIFF, damaged, holds more than one image, values not finite.
    """
    path = Path(path)
    content = read_tiff(path)
    pixels = content.pixels.reshape([n for n in content.pixels.shape if n != 1] or [1])
    if content.pixels.ndim < 2 or pixels.ndim > 2 or "S" in content.axes:
        raise StackError(
            f"{path} holds axes {content.axes} of shape {content.pixels.shape}; "
            "a single grey image (Y, X) is wanted: save one plane of it as a TIFF of its own."
        )
    pixels = content.pixels.reshape(content.pixels.shape[-2:])
    _check_finite(path, pixels)
    return pixels, content.pixel_size_um


def _one_channel(
    path: Path, content: TiffContent, wanted: int | str | None
) -> tuple[NDArray[Any], int, str]:
    """The ``(Z, Y, X)`` voxels of the wanted channel, its number and its name."""
    axes, pixels = content.axes, content.pixels
    for axis in reversed(range(len(axes))):
        if pixels.shape[axis] == 1 and axes[axis] not in "ZYX":
            pixels, axes = pixels.take(0, axis), axes[:axis] + axes[axis + 1 :]
    if sorted(axes) not in (sorted("ZYX"), sorted("CZYX")) or axes[-2:] != "YX":
        raise StackError(
            f"{path} holds axes {axes} of shape {pixels.shape}; a z-stack (ZYX, or ZCYX with "
            "a channel chosen) is wanted: save it with its planes marked as slices (Z)."
        )
    if pixels.dtype.kind not in "uif":
        raise StackError(f"{path} holds {pixels.dtype} pixels; grey values are wanted.")
    if "C" not in axes:
        number = 0
        names = content.channels or ("channel 0",)
        if wanted is not None:
            number = channel_number(path, names[:1], wanted)
        return pixels, number, names[number]
    axis = axes.index("C")
    count = pixels.shape[axis]
    names = tuple(f"channel {number}" for number in range(count))
    if len(content.channels) == count:
        names = content.channels
    number = channel_number(path, names, wanted)
    return np.ascontiguousarray(pixels.take(number, axis)), number, names[number]


def channel_number(path: Path, names: Sequence[str], wanted: int | str | None) -> int:
    """Which of the channels ``names`` is wanted, by number or name.

    Raises
    ------
    StackError
        None of them, or none was chosen; the sentence lists them.
    """
    if wanted in names:
        return names.index(str(wanted))
    try:
        number = int(wanted) if wanted is not None else -1
    except ValueError:
        number = -1
    if 0 <= number < len(names):
        return number
    listed = ", ".join(f"{i} ({name})" for i, name in enumerate(names))
    found = "none was chosen" if wanted is None else f"{wanted!r} is not one of them"
    raise StackError(
        f"{path} holds {len(names)} channel(s) and {found}: {listed}; "
        "choose one by its number or name, or save it as a stack of its own."
    )


def _check_present(path: Path, content: TiffContent, channel: int) -> None:
    # Of another channel fewer planes may have been taken on purpose.
    axis, shape = content.axes.find("C"), content.pixels.shape
    lacking = [place for place in content.absent if axis < 0 or place[axis] == channel]
    if lacking:
        planes = math.prod(shape[:-2]) // (shape[axis] if axis >= 0 else 1)
        raise StackError(incomplete(path, len(lacking), planes))


def _check_finite(path: Path, pixels: NDArray[Any]) -> None:
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        bad = int(pixels.size - np.count_nonzero(np.isfinite(pixels)))
        raise StackError(
            f"{path} holds {bad} values that are not finite numbers (NaN or infinity); "
            "replace them before use."
        )


def _sampling(path: Path, what: str, key: str, given: float | None, stored: float | None) -> float:
    value = given if given is not None else stored
    if value is None or value == 0:
        raise StackError(
            f"{path} does not say its {what}; make a stack that does with `deepz-live import "
            f"{path.name} --pixel-size-um … --z-step-um … --out …`, or give it in µm: a command "
            f"that has --{key.replace('_', '-')} takes it, a specimen --set specimen.{key}=…"
        )
    if not math.isfinite(value) or value <= 0:
        raise StackError(f"The {what} of {path} is {value:g} µm; give a positive number of µm.")
    return float(value)


def _even_step(z_um: tuple[float, ...] | None) -> float | None:
    if z_um is None or len(z_um) < 2:
        return None
    steps = np.diff(z_um)
    step = float(abs(steps.mean()))
    return step if step > 0 and np.allclose(steps, steps.mean(), rtol=0.01) else None


def _positions(z_um: tuple[float, ...] | None, count: int, step_um: float) -> NDArray[np.float64]:
    """Stored positions where they go one way by about the step, else counted from the middle.

    Positions read back from a stage scatter, and a step may be missing: their mean counts. Where
    it is another step that counts, the stored positions still say which way the stage went.
    """
    down = False
    if z_um is not None and len(z_um) == count and count > 1:
        positions = np.asarray(z_um, dtype=np.float64)
        steps = np.diff(positions)
        one_way = bool((steps > 0).all() or (steps < 0).all())
        if one_way and np.isclose(abs(steps.mean()), step_um, rtol=0.05):
            return positions
        # Positions that only scatter about one place say nothing.
        down = float(steps.sum()) < -0.5 * float(np.abs(steps).sum())
    counted = (np.arange(count, dtype=np.float64) - count // 2) * np.float64(step_um)
    return counted[::-1] if down else counted
