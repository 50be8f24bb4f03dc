"""Fig. 2: a worm refocused from one frame, with difference images, SSIM and RMSE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from deepz_live.app import quality
from deepz_live.app.report.distances import NEAREST_UM
from deepz_live.app.report.figures import curves
from deepz_live.app.report.pictures import pictures
from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.reproduce.lab import WORM, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row, scores_of
from deepz_live.app.reproduce.scenes import WORM as SAMPLE
from deepz_live.app.reproduce.scenes import scanned
from deepz_live.app.reproduce.step import Step

SHARED_PX = 256
"""Of each field the square with the most signal is compared."""
INPUTS = 5
SHOWN = (-0.8, 0.4)
"""Refocus distances of the pictures, as shares of the reach."""
CLAIMS = ("worm.ssim", "worm.rmse")
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Effort:
    fields: int
    side_px: int
    first: int = 400


def measure(lab: Lab, effort: Effort) -> Outcome:
    """Rows of Fig. 2, scores by distance, and example pictures with their differences."""
    with scanned(lab, WORM, [SAMPLE] * effort.fields, effort.side_px, effort.first) as context:
        measured = quality.measure(
            context.bundle,
            [(path, None) for path in context.stacks],
            report=lab.note,
            engine=context.engine,
            effort=quality.Effort(inputs=INPUTS, scored_px=SHARED_PX),
        )
        shown = pictures(context, SHOWN)
    far = [row for row in measured["per_distance"] if abs(row["dz_um"]) >= NEAREST_UM - 1e-6]
    on = f"built-in microscope, {effort.fields} worms never trained on; {WORM}"
    rows = tuple(_row(score, far, on) for score in ("ssim", "rmse"))
    return Outcome(rows, (_section(far, measured["per_direction"], effort.fields), shown))


def _row(score: Literal["ssim", "rmse"], rows: Rows, on: str) -> Row:
    higher = score == "ssim"
    digits = 3 if higher else 4
    ours, seen, mean = (
        float(np.mean([scores_of(row, name)[score] for row in rows]))
        for name in ("", "baseline", "mean")
    )

    def behind(name: str) -> list[str]:
        return [
            f"{row['dz_um']:+g}" for row in rows
            if (row[score] <= scores_of(row, name)[score]) == higher
        ]  # fmt: skip

    lost, lost_to_mean = behind("baseline"), behind("mean")
    remarks = []
    if lost:
        remarks.append(f"Not ahead of the input at {', '.join(lost)} µm.")
    if lost_to_mean:
        remarks.append(
            f"The mean of all planes of the scan ({mean:.{digits}f}), which takes the scan, is "
            f"ahead at {', '.join(lost_to_mean)} µm."
        )
    return Row(
        f"worm.{score}",
        f"{ours:.{digits}f}, input {seen:.{digits}f}",
        "worse" if lost else "as in the paper",
        f"mean over refocus distances of {NEAREST_UM:g} to 10 µm, both ways; as in the paper: "
        "ahead of the unrefocused input at each of them",
        on,
        " ".join(remarks),
    )


def _section(rows: Rows, directions: Rows, fields: int) -> Section:
    x = [row["dz_um"] for row in rows]
    names = {"baseline": "baseline", "mean": "mean", "refocused": ""}
    panels = [
        (score, {n: (x, [scores_of(r, at)[score] for r in rows]) for n, at in names.items()})
        for score in ("ssim", "rmse")
    ]
    cells = [
        [f"{r['dz_um']:+g}", str(r["n"]),
         *(f"{scores_of(r, at)['ssim']:.3f}" for at in ("", "baseline", "mean")),
         *(f"{scores_of(r, at)['rmse']:.4f}" for at in ("", "baseline", "mean"))] for r in rows
    ]  # fmt: skip
    return Section(
        "worm",
        "Fig. 2: how like the scan is a refocused worm?",
        f"{fields} worms; {INPUTS} input planes each were refocused to every plane within range "
        f"and compared with the scan (the {SHARED_PX}² pixels with the most signal). Beside it: "
        "the input as it is, and the mean of all planes of the scan, which nobody has without "
        "scanning.",
        tables=[
            Table(("dz (µm)", "n", "ssim", "input", "mean", "rmse", "input", "mean"), cells)
        ],
        pictures=[
            Picture("worm_scores", "Likeness to the scan by refocus distance. SSIM: higher is "
                    "better; RMSE: lower.",
                    curves(panels, "refocus distance (µm)", from_zero=("rmse",)))
        ],
        facts={"per_distance": list(rows), "per_direction": list(directions)},
    )  # fmt: skip


STEP = Step("worm", ("fig2",), (WORM,), Effort(3, 512), Effort(1, 320), measure, CLAIMS)
