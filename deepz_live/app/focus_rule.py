"""What the focus lock decides from one drift sample: a pure rule, without device and thread.

A sample says how far the *sample* has moved since the reference, the stage's own moves taken out.
Less the stage's height it is where the reference's content lies in the frame; the rule keeps that
difference where it was when the lock was switched on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from deepz_live.config import Settings
from deepz_live.refocus.drift import LOW_CONFIDENCE, DriftSample

CALM_UM = 0.1
"""A stage that differs by less between two samples stands still."""
FOREIGN_UM = 0.5
"""A stage further from where the lock left it was moved by somebody else."""
WORSE_MOVES = 5
"""So many corrections in a row after each of which the error is larger: something is wrong."""

_Positive = Annotated[float, Field(gt=0)]


class FocusLockSettings(Settings):
    """How the focus is held."""

    deadband_um: Annotated[float, Field(ge=0)] = 0.1
    """Errors up to this are left alone: the estimate is not better, and each move costs light."""
    gain: Annotated[float, Field(gt=0, le=1)] = 0.7
    """Part of the error that one move takes away."""
    step_um: _Positive = 2.0
    """Largest single move; a wild estimate cannot do more harm than this."""
    range_um: _Positive = 30.0
    """Furthest from where the focus was locked."""
    confidence: Annotated[float, Field(ge=LOW_CONFIDENCE, le=1)] = LOW_CONFIDENCE
    """A sample below this moves nothing."""
    patience: Annotated[int, Field(ge=1)] = 5
    """So many samples in a row below it stop the lock."""
    settle_s: Annotated[float, Field(ge=0)] = 0.3
    """Frames taken until so long after a move are not used."""


@dataclass(frozen=True, slots=True)
class LockAction:
    """What to do: ``move`` the stage to ``z_um``, ``hold`` still, or be ``stopped`` and say why.

    ``error_um`` is how far the stage is too low; None where that is not known.
    """

    kind: Literal["move", "hold", "stopped"]
    z_um: float | None = None
    error_um: float | None = None
    text: str = ""


class FocusRule:
    """Deadband, gain, step limit, range limit, confidence; one sample after the other.

    Parameters
    ----------
    settings
        As above.
    limits_um
        ``(lowest, highest)`` stage height that the profile allows.
    """

    def __init__(self, settings: FocusLockSettings, limits_um: tuple[float, float]) -> None:
        self._settings = settings
        self._limits_um = limits_um
        self._calm_since_s = -math.inf
        self.restart()

    def restart(self) -> None:
        """Hold what the next trusted samples show, from where the stage is then."""
        self._anchor_um: float | None = None
        self._began_z_um = self._expected_z_um = math.nan
        self._doubtful = self._worse = 0
        self._error_at_move_um: float | None = None

    def moved(self, z_um: float, time_s: float) -> None:
        """The stage was brought to ``z_um`` and arrived at ``time_s`` of the frames' clock."""
        self._expected_z_um = z_um
        self._calm_since_s = time_s + self._settings.settle_s

    def update(self, sample: DriftSample, z_um: float) -> LockAction:
        """Decide upon ``sample``, whose frame was taken at stage height ``z_um``."""
        if sample.time_s <= self._calm_since_s:
            return LockAction("hold", text="waiting for a frame after the move")
        if not sample.confidence >= self._settings.confidence:
            return self._doubt(sample)
        self._doubtful = 0
        if self._anchor_um is None or abs(z_um - self._expected_z_um) > FOREIGN_UM:
            return self._anchor(sample, z_um)
        error_um = (sample.dz_um - z_um) - self._anchor_um
        if abs(error_um) <= self._settings.deadband_um:
            self._error_at_move_um, self._worse = None, 0
            return LockAction("hold", error_um=error_um)
        return self._correct(error_um, z_um)

    def _doubt(self, sample: DriftSample) -> LockAction:
        self._doubtful += 1
        if self._doubtful < self._settings.patience:
            return LockAction("hold", text=f"not sure (confidence {sample.confidence:.2f})")
        return _stopped(
            f"the drift could not be measured in {self._doubtful} frames in a row (confidence "
            f"{sample.confidence:.2f}, at least {self._settings.confidence:.2f} is wanted); check "
            "light, focus and sample, set a new reference and lock again."
        )

    def _anchor(self, sample: DriftSample, z_um: float) -> LockAction:
        """Begin, or begin again where somebody moved the stage: once it stands still."""
        still = abs(z_um - self._expected_z_um) <= CALM_UM
        self.restart()
        self._expected_z_um = z_um
        if not still:
            return LockAction("hold", text="waiting for the stage to stand still")
        self._anchor_um = sample.dz_um - z_um
        self._began_z_um = z_um
        return LockAction("hold", error_um=0.0)

    def _correct(self, error_um: float, z_um: float) -> LockAction:
        settings = self._settings
        if self._grows(error_um):
            return _stopped(
                f"{WORSE_MOVES} moves in a row made the focus error larger (now {error_um:+.1f} "
                "µm); check that the stage's z counts up in the direction of the model's, and "
                "that the sample does not run away faster than the lock follows.",
                error_um,
            )
        step_um = min(max(settings.gain * error_um, -settings.step_um), settings.step_um)
        target_um = z_um + step_um
        away_um = abs(target_um - self._began_z_um)
        if away_um > settings.range_um:
            return _stopped(
                f"the sample has moved {away_um:.1f} µm from where the focus was locked, at most "
                f"{settings.range_um:g} µm are followed; find the focus and lock again.",
                error_um,
            )
        low, high = self._limits_um
        if not low <= target_um <= high:
            return _stopped(
                f"the sample is leaving the limits of the focus stage ({target_um:.1f} µm is "
                f"wanted, {low:g} … {high:g} µm are allowed); bring it back and lock again.",
                error_um,
            )
        return LockAction("move", z_um=target_um, error_um=error_um)

    def _grows(self, error_um: float) -> bool:
        """True once move after move made the error larger instead of smaller."""
        before, self._error_at_move_um = self._error_at_move_um, abs(error_um)
        worse = before is not None and abs(error_um) > before + self._settings.deadband_um
        self._worse = self._worse + 1 if worse else 0
        return self._worse >= WORSE_MOVES


def _stopped(why: str, error_um: float | None = None) -> LockAction:
    return LockAction("stopped", error_um=error_um, text=f"Focus lock stopped: {why}")
