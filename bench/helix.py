"""How much further are beads refocused through a double-helix mask (JSON; paper, Video S10)?

    uv run python bench/helix.py --work FOLDER [--steps 1500 1000] [--init BUNDLE] [--picture PNG]

The built-in microscope scans the same beads, in a volume 40 µm deep, through the clear pupil and
through the mask. Trainings that differ in nothing else learn ±20 µm, with the clear pupil's scan as
target for both; with several steps, several runs follow each other. ``masks`` holds, for fields
that neither has seen, what comes back by defocus (``flat``) and by height in one frame of a volume
(``volume``); ``range_um`` is where it does so by ``criterion``, and ``gained_um`` how much longer
that is with the mask. FOLDER keeps scans and models; what was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from deepz_live.app.helix.compare import Effort, compare_masks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    usual = Effort()
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="bundle that both trainings start from")
    parser.add_argument("--picture", type=Path)
    for name in ("train", "flat", "volume", "side_px"):
        value = getattr(usual, name)
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=value)
    parser.add_argument("--steps", type=int, nargs="+", default=usual.steps)
    for name in ("width", "reach_um"):
        value = getattr(usual, name)
        parser.add_argument("--" + name.replace("_", "-"), type=float, default=value)
    args = vars(parser.parse_args())
    work, init, picture = args.pop("work"), args.pop("init"), args.pop("picture")
    args["steps"] = tuple(args["steps"])
    found = compare_masks(
        work, Effort(**args), init=init, note=lambda text: print(text, file=sys.stderr, flush=True)
    )
    if picture:
        picture.write_bytes(found.picture)
    print(json.dumps(found.facts, indent=1))


if __name__ == "__main__":
    main()
