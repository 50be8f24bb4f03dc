"""The state of a training run on disk, so that it can go on after a stop or a kill."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from deepz_live.train.errors import TrainingError
from deepz_live.train.learner import Learner

STATE, BEST = "state.pt", "best.pt"


@dataclass
class RunState:
    """How far a run is."""

    step: int = 0
    seconds: float = 0.0
    best_val: float = float("inf")
    best_step: int = 0
    last_val: float = float("nan")
    start: dict[str, str] | None = None
    """Identity of the bundle that it began with."""


class Checkpoint:
    """State and best weights in a folder; a kill while writing leaves the former ones.

    Parameters
    ----------
    work
        Its folder.
    settings
        Fingerprint of data, settings and network: a run only goes on where it is the same.
    writes
        False on all but one of several processes: they share the folder.
    """

    def __init__(self, work: Path, settings: str, *, writes: bool = True) -> None:
        self._work, self._settings, self._writes = work, settings, writes

    @property
    def has_best(self) -> bool:
        """Whether any validation has left weights."""
        return (self._work / BEST).is_file()

    def save(
        self, run: RunState, learners: Mapping[str, Learner], pairs: Mapping[str, Any]
    ) -> None:
        """Everything that the next step depends on; ``pairs`` is the state of the examples."""
        facts = {"run": asdict(run), "settings": self._settings, "pairs": pairs}
        state: dict[str, Any] = {
            "facts": json.dumps(facts),
            "random": torch.get_rng_state(),
        }
        for name, learner in learners.items():
            state[name] = {
                "weights": learner.network.state_dict(),
                "optimiser": learner.optimiser.state_dict(),
            }
        self._replace(STATE, state)

    def check(self) -> None:
        """Raise :class:`TrainingError` where there is no run to go on with, or another one."""
        self._read()

    def load(self, learners: Mapping[str, Learner]) -> tuple[RunState, dict[str, Any]]:
        """Put the saved state into ``learners``; returns how far the run was, and the pairs' state.

        Raises
        ------
        TrainingError
            There is no run to go on with, or one of other stacks or settings.
        """
        state, facts = self._read()
        for name, learner in learners.items():
            learner.network.load_state_dict(state[name]["weights"])
            learner.optimiser.load_state_dict(state[name]["optimiser"])
        torch.set_rng_state(state["random"])
        return RunState(**facts["run"]), facts["pairs"]

    def save_best(self, network: nn.Module) -> None:
        """Keep the weights that validated best."""
        self._replace(BEST, network.state_dict())

    def load_best(self, network: nn.Module) -> None:
        """Put the best weights so far into ``network``."""
        best = torch.load(self._work / BEST, weights_only=True, map_location="cpu")
        network.load_state_dict(best)

    def _read(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The saved state, and the facts in it."""
        if not (self._work / STATE).is_file():
            raise TrainingError(
                f"There is no interrupted run in {self._work} to resume; start without --resume."
            )
        state = torch.load(self._work / STATE, weights_only=True, map_location="cpu")
        facts = json.loads(state["facts"])
        if facts["settings"] != self._settings:
            raise TrainingError(
                f"The interrupted run in {self._work} had other stacks or settings; give the same "
                "ones, or start without --resume."
            )
        return state, facts

    def _replace(self, name: str, state: object) -> None:
        if not self._writes:
            return
        part = self._work / f"{name}.part"
        torch.save(state, part)
        os.replace(part, self._work / name)
