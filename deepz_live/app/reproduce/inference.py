"""How long a plane takes, beside the paper's graphics card."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

from deepz_live.app.report.section import Section, Table
from deepz_live.app.reproduce.lab import BEADS, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row
from deepz_live.app.reproduce.step import Step
from deepz_live.refocus.engine import Engine

PAPER_S = {512: 0.2, 1536: 1.0}


@dataclass(frozen=True, slots=True)
class Effort:
    rounds: int
    sides_px: tuple[int, ...] = (512, 1536)


def measure(lab: Lab, effort: Effort) -> Outcome:
    """A row for each size; the paper's 41 planes against one pass of ours."""
    engine = lab.engine(BEADS)
    planes = len(engine.bundle.facts.z_planes_um)
    rng, rows, cells = np.random.default_rng(0), [], []
    for side in effort.sides_px:
        lab.note(f"Timing {side}² pixels")
        pixels = rng.poisson(400, (side, side)).astype(np.uint16)
        engine.volume(pixels)
        taken = []
        for _ in range(effort.rounds):
            began = perf_counter()
            engine.volume(pixels)
            taken.append(perf_counter() - began)
        stack = median(taken)
        rows.append(_row(side, stack, engine, effort.rounds))
        cells.append([f"{side}²", f"{stack:.3f}", f"{1000 * stack / planes:.1f}",
                      f"{PAPER_S[side]:g}" if side in PAPER_S else "-"])  # fmt: skip
    section = Section(
        "inference",
        "How long does a plane take?",
        f"From camera counts to {planes} planes in counts, median of {effort.rounds} turns, on "
        f"{engine.provider}. Our network makes all planes in one pass; the paper's makes one.",
        tables=[Table(("image", "a stack (s)", "a plane of it (ms)", "paper, a plane (s)"), cells)],
    )
    return Outcome(tuple(row for row in rows if row is not None), (section,))


def _row(side: int, stack_s: float, engine: Engine, rounds: int) -> Row | None:
    if side not in PAPER_S:
        return None
    facts = engine.bundle.facts
    planes = len(facts.z_planes_um)
    each = stack_s / planes
    alone = (
        "A single plane takes us as long as all of them"
        + (f", {stack_s:.2f} s, which is longer than the paper's." if stack_s > PAPER_S[side]
           else f", {stack_s:.2f} s.")
    )  # fmt: skip
    return Row(
        f"time.{side}",
        f"{each:.3f} s a plane ({stack_s:.2f} s for all {planes})",
        "better" if each < PAPER_S[side] else "worse",
        f"counts to counts, median of {rounds}; judged by a plane of a stack",
        f"this machine, {engine.provider}; {BEADS}, a {facts.network} network of width "
        f"{facts.width:g} (the paper's: 1)",
        alone,
    )


STEP = Step(
    "inference", ("inference",), (BEADS,), Effort(20), Effort(3), measure, ("time.512", "time.1536")
)  # fmt: skip
