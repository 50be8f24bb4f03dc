"""How the sample of the built-in microscope moves by itself."""

from __future__ import annotations

import math

import numpy as np

from deepz_live.config import Drift

_TERMS = 4


class DriftPath:
    """Seeded, smooth displacement of the sample, zero at time 0 and bounded for ever.

    ``|dz| <= axial_um`` and ``hypot(dy, dx) <= lateral_um``. A linear drift goes to its full
    excursion in one period and comes back as steadily; a walk is a sum of slow sines, bent so
    that it comes near its full excursion in every few periods and never leaves it.
    """

    def __init__(self, drift: Drift) -> None:
        self._drift = drift
        rng = np.random.default_rng([drift.seed, 7])
        angle = rng.uniform(0, 2 * math.pi)
        self._direction = (math.sin(angle), math.cos(angle))
        self._rates = rng.uniform(0.35, 1.6, (3, _TERMS))
        self._phases = rng.uniform(0, 2 * math.pi, (3, _TERMS))

    def __call__(self, time_s: float) -> tuple[float, float, float]:
        """``(dz, dy, dx)`` in µm, ``time_s`` after the microscope was opened."""
        drift, time_s = self._drift, max(time_s, 0.0)
        if drift.kind == "none":
            return (0.0, 0.0, 0.0)
        if drift.kind == "walk":
            units = [self._walk(axis, time_s) for axis in range(3)]
            side = drift.lateral_um / math.sqrt(2)
            return (units[0] * drift.axial_um, units[1] * side, units[2] * side)
        phase = time_s / drift.period_s
        unit = _triangle(phase) if drift.kind == "linear" else math.sin(2 * math.pi * phase)
        dy, dx = (unit * drift.lateral_um * part for part in self._direction)
        return (unit * drift.axial_um, dy, dx)

    def _walk(self, axis: int, time_s: float) -> float:
        phase = 2 * math.pi * time_s / self._drift.period_s * self._rates[axis]
        start = self._phases[axis]
        return math.tanh(float((np.sin(phase + start) - np.sin(start)).sum()))


def _triangle(phase: float) -> float:
    """0 → 1 → 0 → -1 → 0, a quarter of the way a unit of phase."""
    phase = phase % 4.0
    return phase if phase <= 1 else 2 - phase if phase <= 3 else phase - 4
