"""Training speed: steps with the loader against steps alone, on prepared stacks (JSON).

    uv run python bench/train.py STACK... [--preset quick] [--model planes] [--seconds 60]

``with_loader`` counts samples a second when every step gets a new batch, ``step_alone`` when all
get the same one from memory; both are medians over several turns, taken alternately, and ``share``
is the median of the turns' own ratios. ``loader_ms``: processor time that making a batch takes, by
itself. On a CUDA card the fraction of its measured bfloat16 matrix rate and
the time to the paper's 400 000 iterations are added.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
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
TURNS = 6
SETTLING = 4
LOADED = 20
"""Batches that the loader's own time is taken over."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", type=Path, nargs="+")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--model", choices=("planes", "generator"))
    parser.add_argument("--seconds", type=float, default=60.0)
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
        loader_ms = 1000 * cost(pairs, size)
        turn = args.seconds / (2 * TURNS)
        with Feed(pairs, size) as feed:
            batch = feed.next()
            rates = np.array([
                [rate(step, turn) for step in (
                    lambda: objective.iterate(feed.next()), lambda: objective.iterate(batch),
                )]
                for _ in range(TURNS)
            ])  # fmt: skip
        loaded, alone = np.median(rates, axis=0)
        report = {
            "preset": args.preset,
            "model": order.network,
            "device": str(fabric.device),
            "with_loader_samples_per_s": loaded * size,
            "step_alone_samples_per_s": alone * size,
            "share": float(np.median(rates[:, 0] / rates[:, 1])),
            "loader_ms": loader_ms,
        }
        if fabric.device.type == "cuda":
            with FlopCounterMode(display=False) as counter:
                objective.iterate(batch)
            report["share_of_bf16_matrix_rate"] = counter.get_total_flops() * alone / matrix_rate()
            report["hours_to_400000_iterations"] = PAPER_ITERATIONS / loaded / 3600
        del pairs, prepared
    print(json.dumps(report, indent=1))


def rate(iterate, seconds: float) -> float:
    """Calls a second; each iteration ends with a wait for the device.

    The first few are not counted: batches made ahead have to be used up.
    """
    for _ in range(SETTLING):
        iterate()
    started, count = perf_counter(), 0
    while perf_counter() - started < seconds:
        iterate()
        count += 1
    return count / (perf_counter() - started)


def cost(pairs, size: int) -> float:
    """Processor seconds a batch."""
    pairs.batch(size)
    started = process_time()
    for _ in range(LOADED):
        pairs.batch(size)
    return (process_time() - started) / LOADED


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
