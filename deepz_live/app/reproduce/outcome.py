"""What a step of the reproduction ends with: rows for the table of claims, and the details."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from deepz_live.app.report.section import Section

Verdict = Literal["as in the paper", "better", "worse", "not comparable", "not run"]
AGREES = 0.05
"""Two numbers this close, as a share of the paper's (or the scan's), are called the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """One claim of the paper, and ours.

    Attributes
    ----------
    claim
        Key in :data:`claims.CLAIMS`.
    ours
        Our number, with its unit.
    verdict
        What the rule in ``how`` says.
    how
        How ours was measured, and by which rule it is judged.
    on
        On what.
    remark
        What must be known beside it: where ours is worse, and why the two may differ.
    """

    claim: str
    ours: str
    verdict: Verdict
    how: str
    on: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows of the table, and the sections with pictures and tables behind them.

    ``keep`` False: something was missing that may be there next time, so it is not kept.
    """

    rows: tuple[Row, ...]
    sections: tuple[Section, ...] = ()
    keep: bool = True


def close_to(value: float, wanted: float) -> bool:
    """Whether ``value`` is within :data:`AGREES` of ``wanted``."""
    return abs(value - wanted) <= AGREES * abs(wanted)


def not_run(claim: str, why: str) -> Row:
    """A claim without a number of ours; ``why`` is a sentence."""
    return Row(claim, "-", "not run", "-", "-", why)


def scores_of(row: dict[str, Any], answer: str = "") -> dict[str, float]:
    """The scores of an answer in a row of measured quality; the network's without a name."""
    scores: dict[str, float] = row[answer] if answer else row
    return scores
