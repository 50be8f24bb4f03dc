"""How long a training run lasts and how its learning rate falls, in minutes or in steps."""

from __future__ import annotations

import math

from deepz_live.train.checkpoint import RunState
from deepz_live.train.preset import Preset

FINAL_RATE = 0.01


class Budget:
    """Minutes, steps or both of a preset; with both, what is reached first."""

    def __init__(self, preset: Preset) -> None:
        self._seconds = math.inf if preset.minutes is None else 60 * preset.minutes
        self._steps = math.inf if preset.steps is None else preset.steps
        self._warmup = preset.warmup_steps
        self._falls = preset.schedule == "cosine"

    def share(self, run: RunState) -> float:
        """Share of the run that is over, 1 at its end."""
        return max(run.seconds / self._seconds, run.step / self._steps)

    def seconds_left(self, run: RunState) -> float:
        """Time to the end at the present speed; NaN before the first step of a run by steps."""
        by_time = max(0.0, self._seconds - run.seconds)
        if math.isinf(self._steps):
            return by_time
        if run.step == 0:
            return min(by_time, math.nan)
        return min(by_time, run.seconds / run.step * max(0.0, self._steps - run.step))

    def rate(self, run: RunState) -> float:
        """Factor on the learning rates: warm-up, then constant or a cosine over the run.

        A run of any length so ends annealed, also one that is bounded by time.
        """
        warm = min(1.0, (run.step + 1) / self._warmup)
        if not self._falls:
            return warm
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self.share(run))))
        return warm * (FINAL_RATE + (1 - FINAL_RATE) * cosine)
