"""Fig. 5: Deep-Z+, which makes confocal planes of a wide-field frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepz_live.app import quality
from deepz_live.app.report.figures import curves
from deepz_live.app.report.pictures import pictures
from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.reproduce.lab import CONFOCAL, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row, scores_of
from deepz_live.app.reproduce.scenes import FILAMENTS, scanned
from deepz_live.app.reproduce.step import Step

INPUTS = 11
SHOWN = (-0.3, 0.5)
"""Refocus distances of the pictures, as shares of the reach."""
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How many fields of filaments, and how large."""

    fields: int
    side_px: int
    first: int = 900


def measure(lab: Lab, effort: Effort) -> Outcome:
    """The row of Fig. 5, scores by distance, and example pictures with their differences."""
    samples = [FILAMENTS] * effort.fields
    confocal = {"mode": "confocal"}
    with scanned(
        lab, CONFOCAL, samples, effort.side_px, effort.first, target_optics=confocal
    ) as context:
        measured = quality.measure(
            context.bundle,
            [(path, None) for path in context.stacks],
            targets=context.targets,
            report=lab.note,
            engine=context.engine,
            effort=quality.Effort(inputs=INPUTS),
        )
        shown = pictures(context, SHOWN)
    rows = measured["per_distance"]
    section = _section(rows, measured.get("axial_fwhm_um"), effort.fields)
    return Outcome((_row(rows, effort.fields),), (section, shown))


def _row(rows: Rows, fields: int) -> Row:
    (ours, same), (ours_ssim, same_ssim) = (
        [float(np.mean([scores_of(row, at)[score] for row in rows])) for at in ("", "same_depth")]
        for score in ("rmse", "ssim")
    )
    better = ours < same and ours_ssim > same_ssim
    behind = [f"{r['dz_um']:+g}" for r in rows if r["corr"] <= r["same_depth"]["corr"]]
    return Row(
        "deepzplus.match",
        f"RMSE {ours:.4f}, wide field at the same depth {same:.4f}; "
        f"SSIM {ours_ssim:.3f}, {same_ssim:.3f}",
        "as in the paper" if better else "worse",
        "mean over refocus distances of -10 to 10 µm against the confocal scan; as in the paper: "
        "less error and more SSIM than the wide-field plane of the same depth",
        f"built-in microscope, {fields} fields of filaments never trained on, and their confocal "
        f"scan; {CONFOCAL}",
        f"In correlation the wide-field plane, which takes a move of the stage, is nearer at "
        f"{', '.join(behind)} µm."
        if behind
        else "",
    )


def _section(rows: Rows, widths: dict[str, Any] | None, fields: int) -> Section:
    x = [row["dz_um"] for row in rows]
    names = {"baseline": "baseline", "same_depth": "same_depth", "refocused": ""}
    panels = [
        (score, {n: (x, [scores_of(r, at)[score] for r in rows]) for n, at in names.items()})
        for score in ("corr", "rmse", "ssim")
    ]
    cells = [
        [f"{r['dz_um']:+g}", str(r["n"]),
         *(f"{scores_of(r, at)['corr']:.3f}" for at in ("", "baseline", "same_depth")),
         *(f"{scores_of(r, at)['rmse']:.4f}" for at in ("", "baseline", "same_depth"))]
        for r in rows
    ]  # fmt: skip
    head = ("dz (µm)", "n", "corr", "input", "same depth", "rmse", "input", "same depth")
    said = [
        "Thickness along z of what is bright: "
        + ", ".join(
            f"{name} {widths[key]:.2f} µm"
            for key, name in (
                ("refocused", "made confocal"),
                ("same_depth", "wide field"),
                ("truth", "confocal scan"),
            )
            if widths[key] is not None
        )
        + "."
    ] if widths else []  # fmt: skip
    return Section(
        "deepzplus",
        "Fig. 5: how like the confocal scan is a wide-field frame made confocal?",
        f"{fields} fields of filaments, scanned in wide field and confocal; {INPUTS} wide-field "
        "planes each were turned into every confocal plane within range and compared with the "
        "confocal scan. Beside it: the input as it is, and the wide-field plane of the wanted "
        "depth, which takes a move of the stage.",
        said,
        tables=[Table(head, cells)],
        pictures=[
            Picture("deepzplus_scores", "Likeness to the confocal scan by refocus distance. RMSE: "
                    "lower is better; the others: higher.",
                    curves(panels, "refocus distance (µm)", columns=3, from_zero=("rmse",)))
        ],
        facts={"per_distance": list(rows), "axial_fwhm_um": widths},
    )  # fmt: skip


STEP = Step(
    "deepzplus",
    ("fig5",),
    (CONFOCAL,),
    Effort(2, 512),
    Effort(1, 320),
    measure,
    ("deepzplus.match",),
)
