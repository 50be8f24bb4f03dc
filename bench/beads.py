"""Beads brought back into focus: width and likeness to the scan, by defocus (JSON).

    uv run python bench/beads.py BUNDLE STACK...

Every stack must show beads on a flat surface. For each defocus d the plane d µm above and below
the sharpest one is refocused onto it. Beside the network stand the trivial answers: the input as
it is, and the scan itself as the limit. Widths are medians of 2D Gaussian fits (paper Eq. 6, 7)
at the places where the scan shows isolated beads.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from deepz_live.analysis.beads import CROP_PX, find_beads, isolated, lateral_fwhm
from deepz_live.image.focus import sharpness
from deepz_live.image.metrics import correlation
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import open_engine, planes_at
from deepz_live.session.stack import read_stack

DEFOCUS_UM = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("stacks", type=Path, nargs="+")
    args = parser.parse_args()
    engine = open_engine(load_bundle(args.bundle))
    stacks = [read_stack(path) for path in args.stacks]
    rows = [row for defocus in DEFOCUS_UM for row in measure(engine, stacks, defocus)]
    print(json.dumps({"bundle": engine.bundle.name, "per_defocus": rows}, indent=1))


def measure(engine, stacks, defocus_um: float) -> list[dict]:
    rows = []
    for sign in (-1, 1):
        widths: dict[str, list[float]] = {"refocused": [], "input": [], "scan": []}
        likeness: dict[str, list[float]] = {"refocused": [], "input": []}
        for stack in stacks:
            focus = int(np.argmax(sharpness(stack.voxels)))
            source = stack.voxels[focus + sign * round(defocus_um / stack.z_step_um)]
            scan = stack.voxels[focus].astype(np.float32)
            volume = engine.volume(source)
            back = planes_at(volume, engine.bundle.facts.z_planes_um, [-sign * defocus_um])[0]
            background = np.median(scan)
            centres = find_beads(scan, background + 0.2 * (scan.max() - background))
            centres = isolated(centres, scan.shape, CROP_PX)
            images = {"refocused": back, "input": source, "scan": scan}
            for name, image in images.items():
                fits = lateral_fwhm(image, centres, stack.pixel_size_um)
                widths[name] += [fit.fwhm_um for fit in fits]
                if name != "scan":
                    likeness[name].append(correlation(image.astype(np.float32), scan))
        rows.append(
            {
                "defocus_um": sign * defocus_um,
                "beads": len(widths["scan"]),
                "fwhm_um": {name: float(np.median(w)) for name, w in widths.items()},
                "corr": {name: float(np.mean(c)) for name, c in likeness.items()},
            }
        )
    return rows


if __name__ == "__main__":
    main()
