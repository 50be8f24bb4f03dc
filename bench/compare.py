"""Input, refocused image, mechanical scan and their difference side by side, as a PNG.

    uv run python bench/compare.py BUNDLE STACK OUT.png --dz -6 -3 3 6 [--region y0:y1,x0:x1]

For each distance the input plane lies so that the target is the sharpest plane of the stack.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
import numpy as np
from matplotlib import pyplot as plt

from deepz_live.cli.parse import region
from deepz_live.image.focus import middle_plane
from deepz_live.image.metrics import compare
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import open_engine, planes_at
from deepz_live.session.stack import read_stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("stack", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dz", type=float, nargs="+", default=[-6.0, -3.0, 3.0, 6.0])
    parser.add_argument("--region")
    parser.add_argument("--root", action="store_true", help="square-root contrast, for beads")
    args = parser.parse_args()
    engine = open_engine(load_bundle(args.bundle))
    facts = engine.bundle.facts
    stack = read_stack(args.stack)
    box = region(args.region) or (slice(None), slice(None))
    voxels = stack.voxels[:, box[0], box[1]]
    focus = middle_plane(voxels, round(facts.z_range_um[1] / stack.z_step_um))
    figure, axes = plt.subplots(
        len(args.dz), 5, figsize=(15, 3.1 * len(args.dz) * voxels.shape[1] / voxels.shape[2]),
        squeeze=False, facecolor="black",
    )  # fmt: skip
    for row, dz in zip(axes, args.dz, strict=True):
        source = voxels[focus - round(dz / stack.z_step_um)]
        refocused = planes_at(engine.volume(source), facts.z_planes_um, [dz])[0]
        images = [
            facts.normalization.forward(image) for image in (source, refocused, voxels[focus])
        ]
        top = float(np.quantile(images[2], 0.999))
        before, after = (compare(image, images[2], stack.pixel_size_um) for image in images[:2])
        titles = [
            f"input, {-dz:+.1f} µm away",
            f"refocused by {dz:+.1f} µm (inferred)",
            "mechanical scan",
            f"|input - scan|  corr {before['corr']:.3f}  rmse {before['rmse']:.4f}",
            f"|refocused - scan|  corr {after['corr']:.3f}  rmse {after['rmse']:.4f}",
        ]
        images += [np.abs(image - images[2]) for image in images[:2]]
        for axis, image, title in zip(row, images, titles, strict=True):
            shown = np.clip(image / top, 0, 1)
            axis.imshow(np.sqrt(shown) if args.root else shown, cmap="gray", vmin=0, vmax=1)
            axis.set_title(title, color="0.8", fontsize=9)
            axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(args.out, dpi=70)


if __name__ == "__main__":
    main()
