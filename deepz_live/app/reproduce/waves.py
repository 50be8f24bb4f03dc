"""S7: sinusoidal surfaces, and how quickly they may wave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deepz_live.app.report.sinusoid import TOLERANCE, sinusoid
from deepz_live.app.reproduce.lab import BEADS, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row, close_to
from deepz_live.app.reproduce.scenes import scanned
from deepz_live.app.reproduce.step import Step

PAPER_UM = 32.0
CLAIMS = ("waves.period",)


@dataclass(frozen=True, slots=True)
class Effort:
    fields: int
    side_px: int
    first: int = 200


def measure(lab: Lab, effort: Effort) -> Outcome:
    """The row of S7, and the report's section about wavy surfaces."""
    samples: list[dict[str, object]] = [{"kind": "beads-volume"}] * effort.fields
    with scanned(lab, BEADS, samples, effort.side_px, effort.first) as context:
        section = sinusoid(context)
    return Outcome((_row(section.facts, section.summary, effort),), (section,))


def _row(facts: dict[str, Any], summary: dict[str, Any], effort: Effort) -> Row:
    period, best = summary["followed_from_um"], summary["corr_long_waves"]
    worst = min(facts["per_period"], key=lambda row: float(row["refocused"]["corr"]))
    return Row(
        "waves.period",
        f"period ≥ {period:.2g} µm (correlation {best:.2f} on the longest)",
        "as in the paper" if close_to(period, PAPER_UM)
        else "better" if period < PAPER_UM else "worse",
        "correlation with the scan along the same surface; reliable: from where on no longer "
        f"period is more than {TOLERANCE:g} behind the longest",
        f"built-in microscope, {effort.fields} field(s) of beads in a volume; {BEADS}",
        f"Lowest at {worst['period_um']:.2g} µm: {worst['refocused']['corr']:.2f}, the input "
        f"{worst['baseline']['corr']:.2f}. Our network makes whole planes and the surface is read "
        "from them, so what varies is which beads a surface cuts; the paper judges by artefacts "
        "in the spectrum.",
    )  # fmt: skip


STEP = Step("waves", ("fig4", "s7"), (BEADS,), Effort(2, 512), Effort(1, 320), measure, CLAIMS)
