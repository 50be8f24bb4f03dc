"""S10: how little light is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deepz_live.app.report.context import Context
from deepz_live.app.report.series import EXPOSURES, exposure
from deepz_live.app.reproduce.lab import BEADS, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row, not_run
from deepz_live.app.reproduce.scenes import SEED, profile_for
from deepz_live.app.reproduce.step import Step

LOSES = 0.05
BROAD = 10.0
CLAIMS = ("exposure.robust",)


@dataclass(frozen=True, slots=True)
class Effort:
    scenes: int
    times: tuple[float, ...] = EXPOSURES
    first: int = 600


def measure(lab: Lab, effort: Effort) -> Outcome:
    """The row of S10, and the report's series of exposures."""
    context = Context(lab.engine(BEADS), [], None, lab.note)
    seeds = range(SEED + effort.first, SEED + effort.first + effort.scenes)
    section = exposure(context, profile_for(lab, BEADS), seeds, effort.times)
    if "not_measured" in section.facts:
        return Outcome((not_run(CLAIMS[0], f"Not measured: {section.facts['not_measured']}"),))
    return Outcome((_row(section.facts["rows"], effort),), (section,))


def _row(rows: Sequence[dict[str, Any]], effort: Effort) -> Row:
    usual = min(rows, key=lambda row: abs(row["x"] - 1))
    top = usual["corr"]["refocused"]
    good = [row["x"] for row in rows if row["corr"]["refocused"] >= top - LOSES]
    low, high = min(good), max(good)
    behind = [
        row["name"] for row in rows if row["corr"]["refocused"] <= row["corr"]["baseline"]
    ]  # fmt: skip
    faint = rows[0]
    return Row(
        "exposure.robust",
        f"from {low:g} to {high:g} times the trained exposure",
        "as in the paper" if high / low >= BROAD else "worse",
        "correlation with the noiseless plane in focus, frames up to 8 µm out of it, no more than "
        f"{LOSES:g} below that at the trained exposure ({top:.2f}); broad: a factor of {BROAD:g}, "
        "our choice",
        f"built-in microscope, {effort.scenes} field(s) of beads, exposures of "
        f"{min(effort.times):g} to {max(effort.times):g} times; {BEADS}",
        f"At {faint['name']} {faint['corr']['refocused']:.2f}, the input "
        f"{faint['corr']['baseline']:.2f}."
        + (f" Not ahead of the input at {', '.join(behind)}." if behind else ""),
    )


STEP = Step("exposure", ("s10",), (BEADS,), Effort(4), Effort(2), measure, CLAIMS)
