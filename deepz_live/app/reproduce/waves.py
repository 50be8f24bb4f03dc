"""S7: sinusoidal surfaces, and how quickly they may wave."""

from __future__ import annotations

from dataclasses import dataclass

from deepz_live.app.report.sinusoid import TOLERANCE, sinusoid
from deepz_live.app.reproduce.lab import BEADS, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row
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
    period, best = section.summary["followed_from_um"], section.summary["corr_long_waves"]
    row = Row(
        "waves.period",
        f"period ≥ {period:.2g} µm (correlation {best:.2f} on the longest)",
        "better" if period <= PAPER_UM else "worse",
        "correlation with the scan along the same surface; reliable: from where on no longer "
        f"period is more than {TOLERANCE:g} behind the longest",
        f"built-in microscope, {effort.fields} fields of beads in a volume; {BEADS}",
        "Our network makes whole planes and the surface is read from them, so that a fast wave "
        "cannot disturb it; the paper judges by artefacts in the spectrum.",
    )
    return Outcome((row,), (section,))


STEP = Step("waves", ("fig4", "s7"), (BEADS,), Effort(2, 512), Effort(1, 320), measure, CLAIMS)
