"""Training speed: steps with the loader against steps alone, on prepared stacks (JSON).

    uv run python bench/train.py STACK... [--preset quick] [--model planes] [--seconds 30]

``with_loader`` counts samples a second when every step gets a new batch, ``step_alone`` when all
get the same one from memory. On a CUDA card the fraction of its measured bfloat16 matrix rate and
the time to the paper's 400 000 iterations are added.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
from torch.utils.flop_counter import FlopCounterMode

from deepz_live.app.training import training_order
from deepz_live.train.devices import open_fabric
from deepz_live.train.feed import Feed
from deepz_live.train.prepare import prepare
from deepz_live.train.run import make_pairs
from deepz_live.train.start import make_objective

PAPER_ITERATIONS = 400_000
MATRIX = 8192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", type=Path, nargs="+")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--model", choices=("planes", "generator"))
    parser.add_argument("--seconds", type=float, default=30.0)
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        out = Path(folder) / "bundle"
        order = training_order(args.stacks, out, preset=args.preset, model=args.model)
        prepared = prepare(order.stacks, order.preset, order.work)
        fabric = open_fabric(order.preset)
        objective = make_objective(order, prepared)
        objective.place(fabric)
        pairs = make_pairs(order, prepared, objective.multiple)
        size = order.preset.batch
        with Feed(pairs, size) as feed:
            batch = feed.next()
            objective.iterate(batch)
            loaded = rate(lambda: objective.iterate(feed.next()), args.seconds)
        alone = rate(lambda: objective.iterate(batch), args.seconds)
        report = {
            "preset": args.preset,
            "model": order.network,
            "device": str(fabric.device),
            "with_loader_samples_per_s": loaded * size,
            "step_alone_samples_per_s": alone * size,
            "share": loaded / alone,
        }
        if fabric.device.type == "cuda":
            with FlopCounterMode(display=False) as counter:
                objective.iterate(batch)
            report["share_of_bf16_matrix_rate"] = counter.get_total_flops() * alone / matrix_rate()
            report["hours_to_400000_iterations"] = PAPER_ITERATIONS / loaded / 3600
        del pairs, prepared
    print(json.dumps(report, indent=1))


def rate(iterate, seconds: float) -> float:
    """Calls a second; each iteration ends with a wait for the device."""
    started, count = perf_counter(), 0
    while perf_counter() - started < seconds:
        iterate()
        count += 1
    return count / (perf_counter() - started)


def matrix_rate() -> float:
    """FLOP a second of large bfloat16 matrix products on the card."""
    a = torch.randn(MATRIX, MATRIX, device="cuda", dtype=torch.bfloat16)
    for _ in range(5):
        a @ a
    torch.cuda.synchronize()
    started = perf_counter()
    for _ in range(50):
        a @ a
    torch.cuda.synchronize()
    return 50 * 2 * MATRIX**3 / (perf_counter() - started)


if __name__ == "__main__":
    main()
