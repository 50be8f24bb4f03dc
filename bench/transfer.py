"""Does a training from a bundle do in a third of the steps what one from nothing does (JSON)?

    uv run python bench/transfer.py STACKS TEST --init beads_20x075 [--minutes 12] [--shares 3 2]

Trainings on the same stacks with the same validation examples: the first one from nothing with the
preset ``quick`` for so many minutes; the others from the bundle with the preset ``transfer``, each
for the first one's steps divided by a share, its learning rate falling over those. Their mean
absolute errors on the test stacks, over all refocus distances, are compared (paper, Figs. S11 and
S12); beside them that of no refocusing. ``reached_at_step``: the first validation that is as good
as the best of the run from nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from deepz_live.app.transfer import compare_trainings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--init", type=Path, required=True, help="a bundle, or best")
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--steps", type=int, help="of the run from nothing, instead of minutes")
    parser.add_argument("--shares", type=float, nargs="+", default=[3.0])
    parser.add_argument("--learning-rate", type=float, help="instead of that of `transfer`")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        report = compare_trainings(
            args.stacks,
            args.test,
            args.init,
            Path(folder),
            minutes=args.minutes,
            steps=args.steps,
            shares=args.shares,
            learning_rate=args.learning_rate,
            note=lambda text: print(text, file=sys.stderr),
        )
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
