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
    wanted = usual["corr"]["refocused"] - LOSES
    as_is, rescaled = (_enough(rows, name, wanted) for name in ("refocused", "rescaled"))
    behind = [row["name"] for row in rows if row["corr"]["rescaled"] <= row["corr"]["baseline"]]
    low, high = rescaled
    remark = (
        f"As the frames come, not rescaled, that holds from {as_is[0]:g} to {as_is[1]:g} times: "
        "the live view takes them as they come, and warns outside the trained intensities."
    )
    if behind:
        remark += f" Rescaled, not ahead of the input at {', '.join(behind)}."
    return Row(
        "exposure.robust",
        f"from {low:g} to {high:g} times the trained exposure",
        "as in the paper" if high / low >= BROAD else "worse",
        "frames rescaled to the trained brightness, as the paper normalises each; correlation with "
        "the noiseless plane in focus, frames up to 8 µm out of it, no more than "
        f"{LOSES:g} below that at the trained exposure ({wanted + LOSES:.2f}); broad: a factor of "
        f"{BROAD:g}, our choice",
        f"built-in microscope, {effort.scenes} fields of beads, exposures of "
        f"{min(effort.times):g} to {max(effort.times):g} times; {BEADS}",
        remark,
    )


def _enough(rows: Sequence[dict[str, Any]], name: str, wanted: float) -> tuple[float, float]:
    """Shortest and longest exposure between which, around the trained one, all are good enough."""
    usual = min(range(len(rows)), key=lambda n: abs(rows[n]["x"] - 1))
    low = high = usual
    while low > 0 and rows[low - 1]["corr"][name] >= wanted:
        low -= 1
    while high + 1 < len(rows) and rows[high + 1]["corr"][name] >= wanted:
        high += 1
    return rows[low]["x"], rows[high]["x"]


STEP = Step("exposure", ("s10",), (BEADS,), Effort(4), Effort(2), measure, CLAIMS)
