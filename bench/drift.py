"""Drift of the built-in worm seen 2 to 10 µm out of focus, against the truth (JSON).

    uv run python bench/drift.py [--seeds 961 962] [--model worm_20x075]

The worm moves by up to 4 µm along z and 2 µm sideways about a place 6 µm above (or below) the
focal plane. Measured against the truth: the drift; and frame by frame, before and after
compensation, sharpness (standard deviation, the paper's focus criterion) and SSIM to the same worm
in focus. The truth of a raw frame is in focus where the frame shows the worm, that of a
compensated one where the first frame shows it. The compensated recording is of the worm's middle,
which is what is in focus in the truth; with ``--plane sharpest`` of the plane that the program
chooses by itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from deepz_live.app.analyze.known_drift import Trial, measure_drift
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import open_engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[961])
    parser.add_argument("--model", type=Path, default=Path("worm_20x075"))
    parser.add_argument("--side-px", type=int, default=384)
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--plane", choices=("middle", "sharpest"), default="middle")
    parser.add_argument("--defocus-um", type=float, nargs="+", default=[-6.0, 6.0])
    args = parser.parse_args()
    bundle = load_bundle(args.model)
    rows = []
    own = args.plane == "sharpest"
    with closing(open_engine(bundle)) as engine:
        for seed in args.seeds:
            for defocus in args.defocus_um:
                trial = Trial(seed, defocus, args.side_px, args.frames, own)
                with TemporaryDirectory() as folder:
                    row = measure_drift(trial, engine, Path(folder))
                row.pop("curves")
                rows.append(row)
                print(json.dumps(row), file=sys.stderr)
    print(json.dumps({"model": bundle.name, "plane": args.plane, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
