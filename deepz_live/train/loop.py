"""The training loop: batches in, the weights that validate best out. It knows no loss."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch

from deepz_live.train.budget import Budget
from deepz_live.train.checkpoint import Checkpoint, RunState
from deepz_live.train.errors import TrainingError
from deepz_live.train.feed import Feed
from deepz_live.train.objective import Objective
from deepz_live.train.preview import write_preview
from deepz_live.train.progress import TrainingProgress

if TYPE_CHECKING:
    from lightning_fabric import Fabric

CHECKPOINT_EVERY_S = 30.0
DIVERGED_FACTOR, DIVERGED_TIMES = 10.0, 3
"""A validation so many times the best, so many times in a row, will not come back."""


class DivergedError(TrainingError):
    """The losses left all bounds; the best weights before that are kept."""


@dataclass(frozen=True)
class Watch:
    """How a run is watched, ended and timed.

    Attributes
    ----------
    report
        Gets a snapshot at every validation.
    stop
        Asked before every step; True ends the run.
    clock
        Seconds, as ``time.perf_counter``.
    """

    report: Callable[[TrainingProgress], None] = lambda _: None
    stop: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = perf_counter


def fit(
    objective: Objective,
    feed: Feed,
    validation: Sequence[Any],
    budget: Budget,
    run: RunState,
    checkpoint: Checkpoint,
    *,
    fabric: Fabric,
    validate_every: int,
    watch: Watch,
    preview: Path,
) -> RunState:
    """Train until the budget is spent or the watch says stop.

    The best weights by ``select`` of the validation are in ``checkpoint`` whenever this returns
    or raises.

    Raises
    ------
    DivergedError
        A loss is no longer finite, or validation is far worse than it was.
    """
    started = watch.clock() - run.seconds
    saved = run.seconds
    losses = Means()
    lost = 0
    while True:
        stopped = _agree(fabric, run, watch.clock() - started, watch.stop())
        ended = stopped or budget.share(run) >= 1
        if losses.count and (ended or run.step % validate_every == 0):
            val = _validate(objective, validation, run, checkpoint)
            lost = lost + 1 if run.last_val > DIVERGED_FACTOR * run.best_val else 0
            if fabric.is_global_zero:
                picture = write_preview(objective.preview(validation[0]), preview)
                watch.report(_progress(run, budget, losses.take(), val, picture))
            _check_validation(run, lost)
            losses = Means()
        if ended or run.seconds - saved > CHECKPOINT_EVERY_S:
            checkpoint.save(run, objective.learners, feed.state)
            saved = run.seconds
        if ended:
            return run
        factor = budget.rate(run)
        for learner in objective.learners.values():
            learner.scale_rate(factor)
        losses.add(objective.iterate(feed.next()))
        run.step += 1
        _check_training(run, losses.last)


class Means:
    """Means of losses by name since the last validation."""

    def __init__(self) -> None:
        self.count = 0
        self.last: dict[str, float] = {}
        self._sums: defaultdict[str, float] = defaultdict(float)

    def add(self, values: Mapping[str, float]) -> None:
        """One more iteration, or validation batch."""
        self.count += 1
        self.last = dict(values)
        for name, value in values.items():
            self._sums[name] += value

    def take(self) -> dict[str, float]:
        """The means."""
        return {name: value / self.count for name, value in self._sums.items()}


def _agree(fabric: Fabric, run: RunState, seconds: float, stop: bool) -> bool:
    """Time and stop as the first process sees them: all must end and anneal together."""
    if fabric.world_size > 1:
        seen = torch.tensor([seconds, float(stop)], dtype=torch.float64, device=fabric.device)
        torch.distributed.broadcast(seen, src=0)
        seconds, stop = float(seen[0]), bool(seen[1])
    run.seconds = seconds
    return stop


def validated(objective: Objective, validation: Sequence[Any]) -> dict[str, float]:
    """Means over the validation batches of the losses by name; nothing is learnt."""
    means = Means()
    for batch in validation:
        means.add(objective.validate(batch))
    return means.take()


def _validate(
    objective: Objective, validation: Sequence[Any], run: RunState, checkpoint: Checkpoint
) -> dict[str, float]:
    values = validated(objective, validation)
    run.last_val = values["select"]
    if run.last_val < run.best_val:
        run.best_val, run.best_step = run.last_val, run.step
        checkpoint.save_best(objective.learners["network"].network)
    return values


def _check_training(run: RunState, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            name = "training loss" if name in ("select", "loss") else f"loss {name!r}"
            raise DivergedError(
                f"The {name} became {value} at step {run.step}; {_kept(run)}: lower "
                "learning_rate in the preset and train again."
            )


def _check_validation(run: RunState, lost: int) -> None:
    if not math.isfinite(run.last_val) or lost >= DIVERGED_TIMES:
        raise DivergedError(
            f"Training diverged: the validation loss is {run.last_val:.3g} at step {run.step} and "
            f"was {run.best_val:.3g} at step {run.best_step}; {_kept(run)}: lower learning_rate "
            "in the preset and train again."
        )


def _kept(run: RunState) -> str:
    if math.isinf(run.best_val):
        return "no validation came before, so there is no model"
    return f"the model is the best before that, of step {run.best_step}"


def _progress(
    run: RunState,
    budget: Budget,
    train: dict[str, float],
    val: dict[str, float],
    picture: Path | None,
) -> TrainingProgress:
    return TrainingProgress(
        step=run.step,
        seconds=run.seconds,
        seconds_left=budget.seconds_left(run),
        train_loss=train.pop("select"),
        val_loss=val.pop("select"),
        best_val=run.best_val,
        message=f"step {run.step}",
        train_parts=train,
        val_parts=val,
        preview=picture,
    )
