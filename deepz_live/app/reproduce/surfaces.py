"""Fig. 4: beads on a tilted and on a curved surface, brought into focus by one DPM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deepz_live.app.report.context import Context
from deepz_live.app.report.surfaces import surfaces
from deepz_live.app.reproduce.lab import BEADS, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row, not_run
from deepz_live.app.reproduce.scenes import SEED, profile_for
from deepz_live.app.reproduce.step import Step

PAPER_UM = {"beads-tilted": (2.14, 0.96), "beads-cylinder": (2.41, 0.91)}
OF = {"beads-tilted": "surfaces.tilt", "beads-cylinder": "surfaces.cylinder"}


@dataclass(frozen=True, slots=True)
class Effort:
    fields: int
    first: int = 300


def measure(lab: Lab, effort: Effort) -> Outcome:
    """The two rows of Fig. 4, and the report's section about surfaces."""
    context = Context(lab.engine(BEADS), [], None, lab.note)
    seeds = range(SEED + effort.first, SEED + effort.first + effort.fields)
    section = surfaces(context, profile_for(lab, BEADS), seeds)
    if "not_measured" in section.facts:
        why = f"Not measured: {section.facts['not_measured']}"
        return Outcome(tuple(not_run(claim, why) for claim in OF.values()))
    rows = tuple(_row(kind, section.facts[kind]) for kind in OF)
    return Outcome(rows, (section,))


def _row(kind: str, facts: dict[str, Any]) -> Row:
    widths, failed = facts["median_fwhm_um"], facts["fits_failed"]
    before, after, focused = (widths[name] for name in ("baseline", "refocused", "scan"))
    paper_before, paper_after = PAPER_UM[kind]
    narrower, gain = after <= paper_after, before / after >= paper_before / paper_after
    return Row(
        OF[kind],
        f"{before:.2f} → {after:.2f} µm ({before / after:.1f} times narrower)",
        "better" if narrower and gain else "worse",
        "median lateral FWHM before and after; better: narrower at the end, and by a larger factor "
        f"than the paper's {paper_before / paper_after:.1f}",
        f"built-in microscope, {facts['beads']} beads; {BEADS}",
        f"Another microscope: the same beads in focus are {focused:.2f} µm wide, so ours end "
        f"{100 * (after / focused - 1):.0f} % wider than that; the paper gives no such width. "
        f"{failed['refocused']} fits failed after, {failed['baseline']} before."
        + ("" if gain else " The factor is smaller than the paper's."),
    )


STEP = Step(
    "surfaces", ("fig4",), (BEADS,), Effort(8), Effort(2), measure, tuple(OF.values())
)  # fmt: skip
