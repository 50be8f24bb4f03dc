"""How a confocal stack lies against a wide-field one, and what registration brings (JSON).

    uv run python bench/crossmodal.py PAIR.tif --pixel-um 0.512 --step-um 0.499 --picture OUT.png
    uv run python bench/crossmodal.py CONFOCAL.tif WIDE.tif

One file holds the confocal in channel 0 and the wide-field stack in channel 1 (``--channels``),
two files hold one stack each. Scores compare the confocal with the wide-field planes where the
confocal shows sample (its brightest tenth of columns, and planes holding half of its light), each
stack normalised on its own fused image, before and after registration. ``focus_planes`` is the
axial shift that the two SSIM focus curves give, for comparison.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from deepz_live.analysis.crossmodal import CrossmodalError, align_stacks
from deepz_live.image.focus import extended_depth_of_field
from deepz_live.image.metrics import compare
from deepz_live.image.normalization import Normalization
from deepz_live.session.stack import read_stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", type=Path, nargs="+")
    parser.add_argument("--channels", type=int, nargs=2, default=(0, 1))
    parser.add_argument("--pixel-um", type=float)
    parser.add_argument("--step-um", type=float)
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    if len(args.stacks) > 2:
        parser.error("one file with two channels, or a confocal and a wide-field file, are wanted")
    one_file = len(args.stacks) == 1
    confocal, wide = (
        read_stack(path, args.pixel_um, args.step_um, channel=channel if one_file else None)
        for path, channel in zip(args.stacks * (2 if one_file else 1), args.channels, strict=True)
    )
    sampling = {
        "moving_step_um": confocal.z_step_um,
        "fixed_step_um": wide.z_step_um,
        "moving_pixel_um": confocal.pixel_size_um,
        "fixed_pixel_um": wide.pixel_size_um,
    }
    start = time.perf_counter()
    found = align_stacks(confocal.voxels, wide.voxels, **sampling)
    seconds = time.perf_counter() - start
    aligned = found.apply(confocal.voxels, wide.voxels.shape)
    report = {
        "way": found.way,
        "model": found.model,
        "features": {"alike": found.matches, "agreeing": found.agreeing},
        "matrix": found.matrix.tolist(),
        "shift_px_yx": found.shift_px,
        "z_shift_um": found.z_shift_um,
        "z_shift_planes": found.z_shift_um / wide.z_step_um,
        "focus_planes": focus_planes(confocal, wide, sampling),
        "score": found.score,
        "seconds": round(seconds, 2),
        "scores": scores(confocal.voxels, aligned, wide.voxels, wide.pixel_size_um),
    }
    if args.picture:
        draw(
            args.picture, confocal.voxels, aligned, wide.voxels, wide.z_step_um / wide.pixel_size_um
        )
    print(json.dumps(report, indent=1))


def focus_planes(confocal, wide, sampling) -> float | str:
    try:
        focus = align_stacks(confocal.voxels, wide.voxels, **sampling, axial="focus")
    except CrossmodalError as error:
        return str(error)
    return focus.z_shift_um / wide.z_step_um


def scores(confocal, aligned, wide, pixel_um: float) -> dict[str, dict[str, float]] | None:
    """Means over the sample's planes; None where the stacks differ in shape before registration."""
    if confocal.shape != wide.shape:
        return None
    box = sample(aligned)
    of_confocal, of_wide = (
        Normalization.fit(extended_depth_of_field(stack)) for stack in (confocal, wide)
    )
    found = {}
    for name, stack in (("before", confocal), ("after", aligned)):
        planes = zip(of_confocal.forward(stack[box]), of_wide.forward(wide[box]), strict=True)
        rows = [compare(np.nan_to_num(a), b, pixel_um) for a, b in planes]
        found[name] = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    return found


def sample(stack) -> tuple[slice, slice, slice]:
    """The box of voxels in which the stack shows something."""
    stack = np.nan_to_num(stack)
    light = stack.sum(axis=(1, 2))
    z = np.flatnonzero(light > light.max() / 2)
    picture = stack.max(axis=0)
    y, x = np.nonzero(picture > np.quantile(picture, 0.9))
    return tuple(slice(int(a.min()), int(a.max()) + 1) for a in (z, y, x))


def draw(path: Path, confocal, aligned, wide, tall: float) -> None:
    """Confocal (magenta) over wide-field (green), before and after: a plane, xz and yz."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    box = sample(aligned)
    middle = [(s.start + s.stop) // 2 for s in box]
    figure, axes = plt.subplots(2, 3, figsize=(15, 9))
    for row, (name, stack) in zip(axes, (("before", confocal), ("after", aligned)), strict=True):
        for axis, (ax, where) in enumerate(zip(row, ("xy", "xz", "yz"), strict=True)):
            cuts = [np.nan_to_num(v).take(min(middle[axis], v.shape[axis] - 1), axis)
                    for v in (stack, wide)]  # fmt: skip
            red, green = (shown(cut) for cut in cuts)
            height, width = (min(a.shape[i] for a in (red, green)) for i in (0, 1))
            red, green = red[:height, :width], green[:height, :width]
            ax.imshow(np.stack([red, green, red], -1), aspect=1 if axis == 0 else tall)
            ax.set(title=f"{name}, {where}", xticks=[], yticks=[])
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def shown(image):
    low, high = np.quantile(image, (0.02, 0.998))
    return np.clip((image - low) / max(float(high - low), 1e-9), 0, 1)


if __name__ == "__main__":
    main()
