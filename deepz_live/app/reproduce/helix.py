"""Video S10: two trainings, through a double-helix mask and without, over twice the range."""

from __future__ import annotations

from typing import Any

from deepz_live.app.helix.compare import Comparison, Effort, compare_masks
from deepz_live.app.report.figures import curves
from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.reproduce.lab import Lab
from deepz_live.app.reproduce.outcome import Outcome, Row
from deepz_live.app.reproduce.scenes import FIRST_SEED
from deepz_live.app.reproduce.step import Step

CLAIMS = ("helix.range",)
FIRST = 800
"""Seeds of this step's test fields, counted from the first; training fields have the next ten."""
SCORES = {
    "recall": "beads found again",
    "precision": "of what is found, beads",
    "corr": "correlation with the frame in focus",
}
NAMES = {"baseline": "clear pupil", "refocused": "double helix"}
"""Colours of the report's curves, as they are used here."""


def measure(lab: Lab, effort: Effort) -> Outcome:
    """The row of Video S10, and how far beads come back through both.

    Scans and models are kept beside the finished steps, so that a run that is stopped goes on.
    """
    folder = lab.store.path("helix-work", lab.depends((), effort))
    found = compare_masks(folder, effort, note=lab.note)
    return Outcome((_row(found.facts),), (_section(found),))


def _row(facts: dict[str, Any]) -> Row:
    clear, helix = (facts["masks"][mask]["range_um"] for mask in ("none", "double-helix"))
    gained, effort = facts["gained_um"], facts["effort"]
    above = {mask: _said(facts["masks"][mask]["from_above_um"]) for mask in facts["masks"]}
    further = gained > 0
    return Row(
        "helix.range",
        f"{_said(helix)} through the double helix, {_said(clear)} without: {gained:+g} µm",
        "as in the paper" if further else "worse",
        f"as in the paper where the range is longer than the clear pupil's; range: "
        f"{facts['criterion']}",
        f"built-in microscope, beads on a flat surface, {effort['flat']} fields; both trained for "
        f"±{effort['reach_um']:g} µm on {effort['train']} fields of beads in a volume, "
        f"{' + '.join(map(str, effort['steps']))} steps",
        f"Seen from above, however dim they are and at whatever depth: {above['double-helix']} "
        f"through the double helix, {above['none']} without."
        + ("" if further else " Their depth is what so few steps did not teach through the mask."),
    )


def _said(ends: list[float] | tuple[float, float] | None) -> str:
    return "nothing" if ends is None else f"{ends[0]:+g} … {ends[1]:+g} µm"


def _section(found: Comparison) -> Section:
    pair = [found.facts["masks"][mask]["flat"] for mask in ("none", "double-helix")]
    x = [row["defocus_um"] for row in pair[0]]
    panels = []
    for key, title in SCORES.items():
        lines = [(x, [row[key] for row in rows]) for rows in pair]
        panels.append((title, dict(zip(NAMES, lines, strict=True))))
    cells = [
        [f"{clear['defocus_um']:+g}"]
        + [f"{row[key]:.2f}" for key in SCORES for row in (clear, helix)]
        for clear, helix in zip(*pair, strict=True)
    ]
    head = ("defocus (µm)", "found", "helix", "right", "helix", "corr", "helix")
    return Section(
        "helix",
        "Video S10: how much further does a double helix reach?",
        "The same beads through the clear pupil and through a double-helix mask, two trainings "
        f"that differ in nothing else. Range: {found.facts['criterion']}.",
        tables=[Table(head, cells, "Beside each score of the clear pupil that of the helix.")],
        pictures=[
            Picture("helix-curves", "By defocus of the frame.",
                    curves(panels, "defocus of the frame (µm)", columns=3, names=NAMES)),
            Picture("helix", "Frames, what they become, and the truth between both.",
                    found.picture),
        ],
        facts=found.facts,
    )  # fmt: skip


FULL = Effort(train_seed=FIRST_SEED + FIRST + 10, test_seed=FIRST_SEED + FIRST)
STEP = Step("helix", ("video-s10",), (), FULL, None, measure, CLAIMS)
