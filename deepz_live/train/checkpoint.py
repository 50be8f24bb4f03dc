"""The state of a training run on disk, so that it can go on after a stop or a kill."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from deepz_live.train.errors import TrainingError

STATE, BEST, FACTS = "state.pt", "best.pt", "run.json"


@dataclass
class RunState:
    """How far a run is."""

    step: int = 0
    seconds: float = 0.0
    best_val: float = float("inf")
    best_step: int = 0
    last_val: float = float("nan")


def save_state(
    work: Path, run: RunState, settings: str, network: nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    """Write the state so that a kill in between leaves the former one."""
    _replace(work / STATE, {"network": network.state_dict(), "optimiser": optimiser.state_dict()})
    facts = json.dumps({"run": asdict(run), "settings": settings})
    part = work / (FACTS + ".part")
    part.write_text(facts, encoding="utf-8")
    os.replace(part, work / FACTS)


def save_best(work: Path, network: nn.Module) -> None:
    """Keep the weights that validated best."""
    _replace(work / BEST, network.state_dict())


def load_best(work: Path, network: nn.Module) -> None:
    """Put the best weights so far into ``network``."""
    network.load_state_dict(torch.load(work / BEST, weights_only=True))


def load_state(
    work: Path, settings: str, network: nn.Module, optimiser: torch.optim.Optimizer
) -> RunState:
    """Continue a run; raises :class:`TrainingError` if there is none, or one of other settings."""
    if not (work / FACTS).is_file() or not (work / STATE).is_file():
        raise TrainingError(
            f"There is no interrupted run in {work} to resume; start without --resume."
        )
    facts = json.loads((work / FACTS).read_text(encoding="utf-8"))
    if facts["settings"] != settings:
        raise TrainingError(
            f"The interrupted run in {work} had other stacks or settings; give the same ones, or "
            "start without --resume."
        )
    state = torch.load(work / STATE, weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return RunState(**facts["run"])


def _replace(path: Path, state: object) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)
