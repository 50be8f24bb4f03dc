"""Fig. 1 and S1: how wide and how clear beads are, from one frame and in the scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deepz_live.app.report.beads import TRUSTED, beads
from deepz_live.app.reproduce.lab import BEADS, Lab
from deepz_live.app.reproduce.outcome import AGREES, Outcome, Row, not_run
from deepz_live.app.reproduce.scenes import scanned
from deepz_live.app.reproduce.step import Step

PAPER_BEADS = 461
PAPER_DEPTH_UM = 20.0
SHARP = 1.5
"""In focus is where a bead is at most so many times as wide as in the scan."""
CLAIMS = ("beads.count", "beads.lateral", "beads.axial", "beads.depth", "beads.snr")


@dataclass(frozen=True, slots=True)
class Effort:
    fields: int
    side_px: int
    first: int = 0


def measure(lab: Lab, effort: Effort) -> Outcome:
    """Rows of Fig. 1 and S1, and the report's section about beads."""
    sample: dict[str, object] = {"kind": "beads-flat"}
    with scanned(lab, BEADS, [sample] * effort.fields, effort.side_px, effort.first) as context:
        section = beads(context)
    if "not_measured" in section.facts:
        why = str(section.facts["not_measured"])
        return Outcome(tuple(not_run(claim, f"Not measured: {why}") for claim in CLAIMS))
    on = (
        f"built-in microscope, {effort.fields} flat fields of {effort.side_px}² pixels, beads of "
        f"300 nm; {BEADS}"
    )
    return Outcome(tuple(_rows(section.facts, on)), (section,))


def _rows(facts: dict[str, Any], on: str) -> list[Row]:
    count, fits = facts["isolated_beads"], facts["fits_failed"]
    enough = count >= PAPER_BEADS
    limit = facts["within_um"]
    rows = [
        Row(
            "beads.count",
            f"{count} beads, {fits['of']} fits; N = 1 against N = 41",
            "as in the paper" if enough else "worse",
            "isolated beads of the scan; each virtual stack is made from one frame",
            on,
            f"{fits['lateral']} lateral and {fits['axial']} axial fits failed."
            + ("" if enough else " Fewer beads than in the paper; the full run has more."),
        )
    ]
    for kind in ("lateral", "axial"):
        widths = facts[f"{kind}_fwhm_um"]
        rows.append(_width(kind, widths["refocused"], widths["scan"], limit, on))
    rows.append(_depth(facts["per_defocus"], on))
    gain = facts["snr_gain"]
    rows.append(
        Row(
            "beads.snr",
            f"{gain:.1f} times the scan's",
            "as in the paper" if gain > 1 else "worse",
            "height of a bead over the spread of the empty background, median of the ratios",
            on,
            "A network smooths the background: noise is gone, not more was seen.",
        )
    )
    return rows


def _width(kind: str, ours: float, scan: float, limit: float, on: str) -> Row:
    more = ours / scan - 1
    agrees = abs(more) <= AGREES
    return Row(
        f"beads.{kind}",
        f"{ours:.2f} µm, scan {scan:.2f} µm ({100 * more:+.1f} %)",
        "as in the paper" if agrees else "worse" if more > 0 else "not comparable",
        f"median of Gaussian fits, frames up to {limit:g} µm out of focus ({TRUSTED:.0%} of the "
        f"reach); agreement: within {AGREES:.0%} of the scan",
        on,
        "" if agrees else f"Ours are {abs(more):.1%} {'wider' if more > 0 else 'narrower'} than "
        "in the scan.",
    )  # fmt: skip


def _depth(rows: list[dict[str, Any]], on: str) -> Row:
    sharp = [row["defocus_um"] for row in rows if _is_sharp(row)]
    depth = max(sharp) - min(sharp) if sharp else 0.0
    lost = [f"{row['defocus_um']:+g}" for row in rows if not _is_sharp(row)]
    ours = f"{depth:g} µm" + (f" ({min(sharp):+g} … {max(sharp):+g} µm)" if sharp else "")
    return Row(
        "beads.depth",
        ours,
        "as in the paper" if depth >= PAPER_DEPTH_UM and not lost else "worse",
        f"heights of beads above the frame's plane at which their median width is within {SHARP:g} "
        "times the scan's",
        on,
        f"Too wide at {', '.join(lost)} µm." if lost else "",
    )


def _is_sharp(row: dict[str, Any]) -> bool:
    widths = row["lateral_fwhm_um"]
    found = widths["refocused"]
    return found is not None and found <= SHARP * widths["scan"]


STEP = Step(
    "beads", ("fig1", "s1"), (BEADS,), Effort(14, 512), Effort(3, 320), measure, CLAIMS
)  # fmt: skip
