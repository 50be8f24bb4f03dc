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

from deepz_live.app.crossmodal import registered
from deepz_live.app.report.pairs import Field, open_field
from deepz_live.cli.parse import region
from deepz_live.image.metrics import compare
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import Engine, open_engine, planes_at
from deepz_live.session.stack import read_stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("stack", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dz", type=float, nargs="+", default=[-6.0, -3.0, 3.0, 6.0])
    parser.add_argument("--region")
    parser.add_argument("--root", action="store_true", help="square-root contrast, for beads")
    parser.add_argument("--target", type=Path, help="the other modality's stack (Deep-Z+)")
    args = parser.parse_args()
    engine = open_engine(load_bundle(args.bundle))
    other = None if args.target is None else registered(args.stack, args.target)
    box = region(args.region)
    field = open_field(engine.bundle, read_stack(args.stack), box, args.stack, other)
    rows = [columns(engine, field, dz) for dz in args.dz]
    height, width = field.voxels.shape[1:]
    figure, axes = plt.subplots(
        len(rows), len(rows[0]), figsize=(3 * len(rows[0]), 3.1 * len(rows) * height / width),
        squeeze=False, facecolor="black",
    )  # fmt: skip
    top = float(np.quantile(field.wanted(field.middle), 0.999))
    for line, row in zip(axes, rows, strict=True):
        for axis, (title, image) in zip(line, row, strict=True):
            shown = np.clip(image / top, 0, 1)
            axis.imshow(np.sqrt(shown) if args.root else shown, cmap="gray", vmin=0, vmax=1)
            axis.set_title(title, color="0.8", fontsize=9)
            axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(args.out, dpi=70)


def columns(engine: Engine, field: Field, dz: float) -> list[tuple[str, np.ndarray]]:
    """Titled pictures of one distance."""
    source = field.middle - field.steps(dz)
    made = planes_at(engine.volume(field.voxels[source]), field.facts.z_planes_um, [dz])[0]
    frame, truth = field.normalised(source), field.wanted(field.middle)
    refocused = field.facts.output_normalization.forward(made)
    scan = "other modality" if field.crossmodal else "scan"
    own = field.normalised(field.middle)
    same = [(f"own modality, same depth\n{scores(own, truth, field)}", own)]
    return [
        (f"input, {-dz:+.1f} µm away", frame),
        (f"refocused by {dz:+.1f} µm (inferred)", refocused),
        ("other modality's scan" if field.crossmodal else "mechanical scan", truth),
        *(same if field.crossmodal else []),
        (f"|input - {scan}|\n{scores(frame, truth, field)}", np.abs(frame - truth)),
        (f"|refocused - {scan}|\n{scores(refocused, truth, field)}", np.abs(refocused - truth)),
    ]


def scores(image: np.ndarray, truth: np.ndarray, field: Field) -> str:
    """Correlation and error, for a title."""
    found = compare(image, truth, field.pixel_size_um)
    return f"corr {found['corr']:.3f}  rmse {found['rmse']:.4f}"


if __name__ == "__main__":
    main()
