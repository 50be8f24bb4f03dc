"""What a spot check found, and whether that is what the model's report promises.

The report holds, for each refocus distance, the mean score over many pairs of planes that the model
was not trained on, and their standard deviation, the *spread*. One spot check is one such pair a
distance. It agrees with the report where its correlations, and those of fine detail, lie on average
over the distances no more than two spreads below the report's means; beyond four it is another
matter than the report was about. Haze alone gives a high correlation: hence the detail. And
refocusing must be better than leaving the frame as it is, whatever a report says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.trust.distance import quality_at
from deepz_live.app.trust.reason import Level, Reason
from deepz_live.image.metrics import Scores, compare
from deepz_live.model.bundle import Bundle, DistanceQuality

Image = NDArray[np.float32]
ScoreKey = Literal["corr", "corr_detail"]
JUDGED: dict[ScoreKey, str] = {"corr": "correlation", "corr_detail": "correlation of fine detail"}

AMBER_SPREADS, RED_SPREADS = 2.0, 4.0
SMALLEST_SPREAD = 0.02
USUAL_SPREAD = 0.05
"""Where a report (of an earlier version) does not tell."""
SHAKY = 0.9
"""Two frames of one plane that correlate less show that there is little light, or movement."""


@dataclass(frozen=True, slots=True, eq=False)
class DistanceCheck:
    """One distance: scores of the refocused plane, and of the frame as it is, against the stage's.

    ``report`` is the bundle's row for it; ``refocused`` and ``measured`` are ``(Y, X)``, normalised
    by the model.
    """

    dz_um: float
    scores: Scores
    unrefocused: Scores
    report: DistanceQuality | None
    refocused: Image = field(repr=False)
    measured: Image = field(repr=False)

    def spread(self, key: ScoreKey = "corr") -> float:
        """Standard deviation of the report's score at this distance."""
        known = self.report.spread if self.report is not None else None
        return max(known[key], SMALLEST_SPREAD) if known else USUAL_SPREAD

    def shortfall(self, key: ScoreKey = "corr") -> float | None:
        """By how many spreads a score is below the report's; None without a report."""
        if self.report is None:
            return None
        return (float(getattr(self.report, key)) - self.scores[key]) / self.spread(key)


@dataclass(frozen=True, slots=True, eq=False)
class SpotCheckResult:
    """All distances, from below.

    Attributes
    ----------
    repeat_corr
        Correlation of two frames at the plane itself, before and after: what noise, movement and
        bleaching leave of a perfect answer.
    made_s
        Seconds since 1970.
    """

    bundle: Bundle
    channel: str
    z_um: float
    rows: tuple[DistanceCheck, ...]
    repeat_corr: float
    made_s: float

    @property
    def verdict(self) -> Reason:
        """Level and sentence."""
        level, text = _judged(self.rows)
        if self.repeat_corr < SHAKY:
            text += (
                f" Two frames of the same plane agree to {self.repeat_corr:.2f} only: there is "
                "little light, or the sample moves."
            )
        return Reason("spot check", level, text)

    def facts(self) -> dict[str, Any]:
        """All but the pictures, for a recording or a file."""
        verdict = self.verdict
        return {
            "level": verdict.level,
            "text": verdict.text,
            "bundle": self.bundle.identity(),
            "channel": self.channel,
            "z_um": self.z_um,
            "made_s": self.made_s,
            "repeat_corr": self.repeat_corr,
            "inferred": "refocused planes are inferred by a network, not measured",
            "distances": [_row(row) for row in self.rows],
        }


def checked(
    bundle: Bundle,
    frame: NDArray[Any],
    refocused: Image,
    measured: NDArray[Any],
    dz_um: float,
) -> DistanceCheck:
    """Compare one plane, as the model's report does; all ``(Y, X)`` counts."""
    facts = bundle.facts
    normalised = facts.output_normalization.forward
    made, truth = normalised(refocused), normalised(measured)
    pixel_um = facts.pixel_size_um
    return DistanceCheck(
        dz_um=dz_um,
        scores=compare(made, truth, pixel_um),
        unrefocused=compare(facts.normalization.forward(frame), truth, pixel_um),
        report=quality_at(facts, dz_um),
        refocused=made,
        measured=truth,
    )


def _judged(rows: tuple[DistanceCheck, ...]) -> tuple[Level, str]:
    if _of(rows, "corr") <= _of(rows, "corr", refocused=False):
        return "red", f"{_told(rows, 'corr')}): refocusing is no better than leaving it."
    short = {key: _mean(row.shortfall(key) for row in rows) for key in JUDGED}
    key = max(JUDGED, key=lambda one: short[one] or 0.0)
    worst = short[key]
    if worst is None:
        return "amber", f"{_told(rows, 'corr')}); the bundle holds no report to compare that with."
    promised = _mean(float(getattr(row.report, key)) for row in rows if row.report is not None)
    spread = _mean(row.spread(key) for row in rows)
    text = f"{_told(rows, key)}, the model's report {promised:.2f} ± {spread:.2f})"
    if worst > RED_SPREADS:
        return "red", f"{text}: far below the report."
    if worst > AMBER_SPREADS:
        return "amber", f"{text}: below the report."
    return "green", f"{text}: within the report's spread."


def _told(rows: tuple[DistanceCheck, ...], key: ScoreKey) -> str:
    """The beginning of the sentence, up to what is compared with."""
    return (
        f"Against the stage, at {rows[0].dz_um:+g} … {rows[-1].dz_um:+g} µm, refocused planes "
        f"reach a {JUDGED[key]} of {_of(rows, key):.2f} (the frame as it is "
        f"{_of(rows, key, refocused=False):.2f}"
    )


def _of(rows: tuple[DistanceCheck, ...], key: ScoreKey, *, refocused: bool = True) -> float:
    """Mean of a score over the distances."""
    scores = [row.scores if refocused else row.unrefocused for row in rows]
    return float(np.mean([one[key] for one in scores]))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _row(row: DistanceCheck) -> dict[str, Any]:
    report = None
    if row.report is not None:
        known = row.report
        report = {"dz_um": known.dz_um, "n": known.n, "corr": known.corr, "rmse": known.rmse,
                  "ssim": known.ssim, "corr_detail": known.corr_detail,
                  "spread": row.spread(), "spread_detail": row.spread("corr_detail")}  # fmt: skip
    return {
        "dz_um": row.dz_um,
        "refocused": dict(row.scores),
        "unrefocused": dict(row.unrefocused),
        "report": report,
        "shortfall_spreads": {key: row.shortfall(key) for key in JUDGED},
    }
