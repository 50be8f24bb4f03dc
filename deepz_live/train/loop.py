"""The training loop: batches in, the weights that validate best out."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from deepz_live.train.checkpoint import RunState, save_best, save_state
from deepz_live.train.errors import TrainingError
from deepz_live.train.objective import Objective
from deepz_live.train.pairs import Batch, Pairs
from deepz_live.train.preset import Preset
from deepz_live.train.progress import TrainingProgress

FINAL_RATE = 0.01
CHECKPOINT_EVERY_S = 30.0
CLIP_NORM = 1.0


def fit(
    objective: Objective,
    optimiser: torch.optim.Optimizer,
    pairs: Pairs,
    validation: list[Batch],
    preset: Preset,
    run: RunState,
    work: Path,
    settings: str,
    *,
    report: Callable[[TrainingProgress], None],
    stop: Callable[[], bool],
    clock: Callable[[], float] = perf_counter,
) -> RunState:
    """Train until the minutes of the preset are spent or ``stop()`` says so.

    The learning rate falls with the share of time spent (cosine), so a run of any length ends
    annealed. The best weights by validation loss are in ``work`` whenever this returns.

    Raises
    ------
    TrainingError
        The loss is no longer finite; the best weights so far stay in ``work``.
    """
    device = next(objective.network.parameters()).device
    precision = pick_precision(device)
    budget = preset.minutes * 60
    started = clock() - run.seconds
    saved = run.seconds
    losses: list[float] = []
    while True:
        run.seconds = clock() - started
        ended = run.seconds >= budget or stop()
        if losses and (ended or run.step % preset.validate_every == 0):
            _validate(objective, validation, device, precision, run, work)
            left = max(0.0, budget - run.seconds)
            report(_progress(run, losses, left))
            losses = []
        if ended or run.seconds - saved > CHECKPOINT_EVERY_S:
            save_state(work, run, settings, objective.network, optimiser)
            saved = run.seconds
        if ended:
            return run
        rate = preset.learning_rate * _schedule(run.seconds / budget, run.step, preset)
        for group in optimiser.param_groups:
            group["lr"] = rate
        losses.append(_step(objective, optimiser, pairs.batch(preset.batch), device, precision))
        run.step += 1
        if not math.isfinite(losses[-1]):
            raise TrainingError(
                f"The training loss became {losses[-1]} at step {run.step}; the best weights so "
                "far are kept: lower learning_rate in the preset and train again."
            )


def pick_precision(device: torch.device) -> torch.dtype:
    """bfloat16 where the device computes in it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    if device.type == "cpu" and torch.cpu._is_amx_tile_supported():
        return torch.bfloat16
    return torch.float32


def _step(
    objective: Objective,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    device: torch.device,
    precision: torch.dtype,
) -> float:
    optimiser.zero_grad(set_to_none=True)
    loss = objective.loss(batch, device, precision)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(objective.network.parameters(), CLIP_NORM)
    optimiser.step()
    return float(loss.detach())


def _validate(
    objective: Objective,
    validation: list[Batch],
    device: torch.device,
    precision: torch.dtype,
    run: RunState,
    work: Path,
) -> None:
    objective.network.eval()
    with torch.no_grad():
        values = [float(objective.loss(batch, device, precision)) for batch in validation]
    objective.network.train()
    run.last_val = float(np.mean(values))
    if run.last_val < run.best_val:
        run.best_val, run.best_step = run.last_val, run.step
        save_best(work, objective.network)


def _progress(run: RunState, losses: list[float], left: float) -> TrainingProgress:
    return TrainingProgress(
        step=run.step,
        seconds=run.seconds,
        seconds_left=left,
        train_loss=float(np.mean(losses)),
        val_loss=run.last_val,
        best_val=run.best_val,
        message=f"step {run.step}",
    )


def _schedule(share: float, step: int, preset: Preset) -> float:
    warm = min(1.0, (step + 1) / preset.warmup_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    return warm * (FINAL_RATE + (1 - FINAL_RATE) * cosine)
