"""What still moves in a drift-compensated replay of the built-in microscope (JSON).

    uv run python bench/compensation.py [--seeds 971 972 973] [--frames 40]

Sessions of moving specimens are recorded in the microscope's own time: beads in a volume, and the
worm, each with its shipped model. They wander by up to 4 µm along z and 3 µm sideways. Each is
replayed with the view held on its first frame. ``residual_um`` is what compensation took out minus
the true movement; ``seen_um`` the movement of beads fitted in the compensated picture itself;
``moved_um`` the trivial answer, a view that is not held. Wanted: lateral at most 0.2 µm, axial at
most 0.5 µm.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from deepz_live.app.analyze.compensation import measure_compensation
from deepz_live.app.analyze.rehearsal import record
from deepz_live.config import Profile
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import open_engine
from deepz_live.session.reader import read_session

SPECIMENS = {"beads-volume": "beads_20x075", "worm": "worm_20x075"}
WANTED_UM = {"axial": 0.5, "lateral": 0.2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[971, 972, 973])
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--side-px", type=int, default=384)
    parser.add_argument("--specimens", nargs="+", choices=SPECIMENS, default=[*SPECIMENS])
    parser.add_argument("--axial-um", type=float, default=4.0)
    parser.add_argument("--lateral-um", type=float, default=3.0)
    args = parser.parse_args()
    rows = []
    for kind in args.specimens:
        bundle = load_bundle(Path(SPECIMENS[kind]))
        with closing(open_engine(bundle, provider="CPU")) as engine:
            for seed in args.seeds:
                rows.append(measure(kind, seed, args, engine))
                print(json.dumps(rows[-1]), file=sys.stderr)
    print(json.dumps({"wanted_um": WANTED_UM, "rows": rows}, indent=1))


def measure(kind: str, seed: int, args: argparse.Namespace, engine) -> dict:
    with TemporaryDirectory() as folder:
        session = Path(folder) / "session"
        record(
            moving(kind, seed, args),
            session,
            channels=("TexasRed",),
            rounds_hz=args.frames / 40.0,
            seconds=40.0,
        )
        found = measure_compensation(read_session(session), engine)
    good = all(found["residual_um"][axis] <= most for axis, most in WANTED_UM.items())
    return {"specimen": kind, "seed": seed, "model": engine.bundle.name, **found, "good": good}


def moving(kind: str, seed: int, args: argparse.Namespace) -> Profile:
    data = Profile(name=kind).model_dump()
    data["specimen"] |= {"kind": kind, "seed": seed}
    data["camera"] |= {"width_px": args.side_px, "height_px": args.side_px, "noise_seed": seed}
    data["stage"]["drift"] |= {
        "kind": "walk", "seed": seed, "period_s": 20.0,
        "axial_um": args.axial_um, "lateral_um": args.lateral_um,
    }  # fmt: skip
    return Profile.model_validate(data)


if __name__ == "__main__":
    main()
