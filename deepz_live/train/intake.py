"""Stacks as they come in, and what makes one unfit to learn from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from deepz_live.image.focus import sharpness
from deepz_live.image.metrics import correlation
from deepz_live.session.stack import read_stack
from deepz_live.train.errors import TrainingError
from deepz_live.train.prepared import Box

MINIMUM_PX = 64
SATURATED_SHARE = 0.05
"""Of the signal's pixels: where more are clipped, peaks have lost their shape in too many places
(the normalisation lets 1 % exceed its scale)."""
FULL_SCALES = frozenset(2**bits - 1 for bits in (8, 10, 11, 12, 14, 16))
NOISE_CORRELATION = 0.05
"""Neighbouring blurred planes of pure noise correlate by less."""
NOISE_BLUR_PX = 1.5
BLOCK_PX = 16
BEYOND_FOCUS = 0.5
"""Part of the refocus range that a stack must hold beyond its sharpest plane on either side."""
FOCUS_INSIDE = 0.25
"""Where this part of the signal has its own focus well inside, the sample is just thick: in
stacks that end at a layer of beads it is 0.09, in samples as thick as the stack 0.4 and more."""


@dataclass(frozen=True)
class Part:
    """A stack ``(Z, Y, X)``: unsigned integers up to 16 bits, or float32 where the file says so."""

    name: str
    voxels: NDArray[Any]
    pixel_size_um: float
    z_step_um: float
    channel: str
    exposure_ms: float

    @property
    def depth_um(self) -> float:
        return (len(self.voxels) - 1) * self.z_step_um


def read_part(path: Path) -> Part:
    """Read a stack; raises ``StackError``, also for values that are not finite."""
    stack = read_stack(path)
    voxels = stack.voxels
    if voxels.dtype not in (np.uint8, np.uint16):
        whole = voxels.dtype.kind in "ui" and voxels.min() >= 0 and voxels.max() <= 65535
        voxels = voxels.astype(np.uint16 if whole else np.float32)
    return Part(
        path.name,
        np.ascontiguousarray(voxels),
        stack.pixel_size_um,
        stack.z_step_um,
        stack.channel,
        stack.exposure_ms,
    )


def check_box(part: Part, box: Box | None) -> None:
    """Raise :class:`TrainingError` where ``box`` leaves the field, or is too small."""
    height, width = part.voxels.shape[1:]
    if box is not None:
        y, x = box
        if y.stop > height or x.stop > width:
            raise TrainingError(
                f"Region {y.start}:{y.stop},{x.start}:{x.stop} leaves the field of {part.name}, "
                f"which is {height} × {width} pixels; choose a region inside it."
            )
        height, width = y.stop - y.start, x.stop - x.start
    check_size(part.name, height, width)


def check_size(name: str, height: int, width: int) -> None:
    """Raise :class:`TrainingError` where a field is too small to train on."""
    if min(height, width) < MINIMUM_PX:
        raise TrainingError(
            f"{name}: the part to train on is {height} × {width} pixels, at least "
            f"{MINIMUM_PX} × {MINIMUM_PX} are needed; choose a larger region or capture larger "
            "fields."
        )


def check_alike(part: Part, first: Part) -> None:
    """Raise :class:`TrainingError` where two stacks differ in sampling, channel or depth."""
    found, wanted = ((p.pixel_size_um, p.z_step_um, p.channel) for p in (part, first))
    if found != wanted:
        raise TrainingError(
            f"{part.name} has pixel, z step and channel {found}, but {first.name} has "
            f"{wanted}; train on stacks of one microscope and channel."
        )


class Once:
    """Looks out for a field that is there twice, as a copy or as a backup in a folder below."""

    def __init__(self) -> None:
        self._seen: dict[str, Path] = {}

    def check(self, path: Path, part: Part) -> None:
        """Raise :class:`TrainingError` where an earlier stack holds the very same voxels.

        The split would train on the one and validate on the other.
        """
        planes = hashlib.sha256(repr((part.voxels.shape, part.voxels.dtype)).encode())
        planes.update(part.voxels.data)
        mark = planes.hexdigest()
        if mark in self._seen:
            raise TrainingError(
                f"{path} and {self._seen[mark]} hold the very same field, which would then be "
                "trained on and validated on; move one of the two out of the folder."
            )
        self._seen[mark] = path


def check_signal(part: Part, edf: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
    """Raise :class:`TrainingError` for a stack that is flat, all noise, or saturated.

    ``edf`` and ``mask`` are ``(Y, X)``, the fused image and where it holds signal.
    """
    voxels = part.voxels
    if edf.max() == edf.min():
        raise TrainingError(
            f"{part.name} is flat (every pixel is {edf.flat[0]:g} counts), so there is nothing to "
            "learn from; check shutter, exposure and focus, and capture it again."
        )
    focus = int(np.argmax(sharpness(voxels)))
    low = max(0, min(focus - 2, len(voxels) - 5))
    planes = [gaussian_filter(p.astype(np.float32), NOISE_BLUR_PX) for p in voxels[low : low + 5]]
    likeness = max(correlation(a, b) for a, b in zip(planes, planes[1:], strict=False))
    if likeness < NOISE_CORRELATION:
        raise TrainingError(
            f"{part.name} is flat but for noise: its sharpest planes correlate by {likeness:.2f} "
            f"({NOISE_CORRELATION:g} wanted); check shutter, exposure and focus, and capture it "
            "again."
        )
    top = voxels.max()
    if voxels.dtype.kind != "u" or int(top) not in FULL_SCALES:
        return
    share = float((voxels.max(axis=0) == top)[mask].mean())
    if share > SATURATED_SHARE:
        raise TrainingError(
            f"{part.name} is saturated: {100 * share:.0f} % of its signal reach the camera's "
            f"{int(top)} counts, at most {100 * SATURATED_SHARE:.0f} % may; capture it again with "
            "less light or a shorter exposure."
        )


def check_focus(part: Part, mask: NDArray[np.bool_], reach: int) -> None:
    """Raise :class:`TrainingError` where the sample's focus is not inside the stack.

    A stack that is merely short, or a sample as thick as the stack, is good to learn from: its
    planes are sharp somewhere all over the depth. Unfit is one whose sharpest plane is so near an
    end that less than half of the refocus range is left beyond it, while nearly all of its signal
    is sharpest there too.

    ``mask`` ``(Y, X)`` marks signal; ``reach`` is the refocus range in planes of the stack.
    """
    voxels, last = part.voxels, len(part.voxels) - 1
    needed = int(np.ceil(BEYOND_FOCUS * reach))
    focus = int(np.argmax(sharpness(voxels)))
    if needed <= focus <= last - needed:
        return
    best = _focus_of_blocks(voxels, mask)
    inside = float(np.mean((best >= needed) & (best <= last - needed)))
    if inside < FOCUS_INSIDE:
        step = part.z_step_um
        raise TrainingError(
            f"{part.name} does not hold its focus well inside: its sharpest plane is number "
            f"{focus + 1} of {last + 1}, {min(focus, last - focus) * step:g} µm from the end, and "
            f"at least {needed * step:g} µm are wanted; focus on the middle of the sample and "
            "capture it again."
        )


def _focus_of_blocks(voxels: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Plane of the highest standard deviation, of each small block that holds signal."""
    rows, columns = (n // BLOCK_PX for n in mask.shape)

    def blocks(image: NDArray[Any]) -> NDArray[Any]:
        part = image[: rows * BLOCK_PX, : columns * BLOCK_PX]
        return part.reshape(rows, BLOCK_PX, columns, BLOCK_PX)

    signal = blocks(mask).any(axis=(1, 3))
    deviations = [blocks(plane).std(axis=(1, 3), dtype=np.float32)[signal] for plane in voxels]
    return np.asarray(np.argmax(deviations, axis=0))
