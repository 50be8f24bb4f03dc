"""S2: within the trained range and beyond it."""

from __future__ import annotations

from dataclasses import dataclass

from deepz_live.app.report.outside import outside
from deepz_live.app.reproduce.lab import BEADS, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row
from deepz_live.app.reproduce.scenes import scanned
from deepz_live.app.reproduce.step import Step

FALLS = 0.1
CLAIMS = ("range.outside",)


@dataclass(frozen=True, slots=True)
class Effort:
    fields: int
    side_px: int
    first: int = 100


def measure(lab: Lab, effort: Effort) -> Outcome:
    """The row of S2, and the report's section about the range."""
    kinds = ("beads-flat", "beads-volume")
    samples: list[dict[str, object]] = [{"kind": kinds[n % 2]} for n in range(effort.fields)]
    with scanned(lab, BEADS, samples, effort.side_px, effort.first) as context:
        section = outside(context)
    rows = section.facts["per_defocus"]
    within, beyond = section.summary["corr_within"], section.summary["corr_beyond"]
    behind = [
        f"{row['defocus_um']:+g}"
        for row in rows
        if row["inside"] and row["corr"] <= row["corr_input"]
    ]
    row = Row(
        "range.outside",
        f"correlation {within:.2f} within ±10 µm, {beyond:.2f} beyond",
        "worse" if behind else "as in the paper" if beyond < within - FALLS else "better",
        "frames up to 20 µm out of focus brought to the sharpest plane, or as near as the model "
        f"goes; fails: more than {FALLS:g} lower",
        f"built-in microscope, {effort.fields} fields of beads, flat and in a volume; {BEADS}",
        f"Not ahead of the unrefocused frame at {', '.join(behind)} µm." if behind else "",
    )
    return Outcome((row,), (section,))


STEP = Step("range", ("s2",), (BEADS,), Effort(4, 512), Effort(2, 256), measure, CLAIMS)
