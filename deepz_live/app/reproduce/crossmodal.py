"""Fig. 5: Deep-Z+, for which no bundle ships."""

from __future__ import annotations

from dataclasses import dataclass

from deepz_live.app.reproduce.lab import Lab
from deepz_live.app.reproduce.outcome import Outcome, not_run
from deepz_live.app.reproduce.step import Step

WHY = (
    "No Deep-Z+ bundle ships with the program. To measure it: `deepz-live train WIDEFIELD --target "
    "CONFOCAL --out MODEL`, then `deepz-live report MODEL TEST --target CONFOCAL-TEST --out OUT`. "
    "What one such training gave is in docs/measured.md."
)


@dataclass(frozen=True, slots=True)
class Effort:
    """Nothing is done."""


def measure(_lab: Lab, _effort: Effort) -> Outcome:
    """The row of Fig. 5, which says how to measure it."""
    return Outcome((not_run("deepzplus.match", WHY),))


STEP = Step("deepzplus", ("fig5",), (), Effort(), Effort(), measure, ("deepzplus.match",))
