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
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from deepz_live.app.analyze.drift import COMPENSATED, analyze_drift
from deepz_live.app.analyze.rehearsal import record
from deepz_live.config import Profile
from deepz_live.image.metrics import compare
from deepz_live.model.bundle import load_bundle
from deepz_live.session.reader import read_session

EDGE_PX = 16


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
    for seed in args.seeds:
        for defocus in args.defocus_um:
            with TemporaryDirectory() as folder:
                rows.append(measure(seed, defocus, args, bundle, Path(folder)))
            print(json.dumps(rows[-1]), file=sys.stderr)
    print(json.dumps({"model": bundle.name, "plane": args.plane, "rows": rows}, indent=1))


def measure(seed: int, defocus: float, args: argparse.Namespace, bundle, folder: Path) -> dict:
    rate = args.frames / 36.0
    sessions = {}
    for name, axial, start in (("moving", 4.0, -defocus), ("focused", 0.0, 0.0)):
        sessions[name] = folder / name
        profile = worm(seed, args.side_px, axial, start)
        known = record(profile, folder / name, channels=("TexasRed",), rounds_hz=rate, seconds=36.0)
        if name == "moving":
            heights = defocus + known.drift_um[:, 0]
    plane = float(heights[0]) if args.plane == "middle" else None
    result = analyze_drift(sessions["moving"], bundle, out=folder / "out", plane_um=plane)
    moving, focused = read_session(sessions["moving"]), read_session(sessions["focused"])
    still = read_session(folder / "out" / COMPENSATED)
    forward = bundle.facts.normalization.forward
    inner = np.s_[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX]
    first = forward(focused.frame(0).pixels)[inner]
    ssim, sharp = [], []
    for i in range(len(moving)):
        raw, made, truth = (
            forward(session.frame(i).pixels)[inner] for session in (moving, still, focused)
        )
        ssim.append([compare(a, b, 0.325)["ssim"] for a, b in ((raw, truth), (made, first))])
        sharp.append([float(raw.std()), float(made.std())])
    ssim, sharp = np.array(ssim), np.array(sharp)
    offset = rest(result, heights)
    return {
        "seed": seed,
        "defocus_um": [float(np.abs(heights).min()), float(np.abs(heights).max())],
        "above": defocus > 0,
        "frames": len(moving),
        "rmse_um": result.facts["rmse_um"],
        "flagged": result.facts["flagged"],
        "axial_error_by_change_um": offset,
        "plane_um": result.facts["plane_um"],
        "true_plane_um": float(heights[0]),
        "sharper": float(np.mean(sharp[:, 1] > sharp[:, 0])),
        "ssim_better": float(np.mean(ssim[:, 1] > ssim[:, 0])),
        "ssim_raw": float(ssim[:, 0].mean()),
        "ssim_compensated": float(ssim[:, 1].mean()),
    }


def rest(result, heights: np.ndarray) -> list[list[float]]:
    """Mean absolute axial error by how far the worm is from where it was in the first frame."""
    away = np.abs(heights - heights[0])
    error = np.abs([s.dz_um for s in result.samples] - result.true_um[:, 0])
    edges = ((0, 1), (1, 2), (2, 4), (4, 8))
    return [
        [low, high, float(error[(away >= low) & (away < high)].mean())]
        for low, high in edges
        if ((away >= low) & (away < high)).any()
    ]


def worm(seed: int, side_px: int, axial_um: float, start_um: float) -> Profile:
    data = Profile(name="worm").model_dump()
    data["specimen"] |= {"kind": "worm", "seed": seed, "photons": 4000.0}
    data["camera"] |= {"width_px": side_px, "height_px": side_px, "noise_seed": seed}
    data["stage"] |= {"z_start_um": start_um}
    data["stage"]["drift"] |= {
        "kind": "walk", "seed": seed, "period_s": 20.0, "axial_um": axial_um, "lateral_um": 2.0,
    }  # fmt: skip
    return Profile.model_validate(data)


if __name__ == "__main__":
    main()
