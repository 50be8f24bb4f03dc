"""Agreement with the mechanical scan by refocus distance, beside answers without a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from deepz_live.app.quality import INTO, OUT_OF, Effort, measure
from deepz_live.app.report.answers import Example, tune
from deepz_live.app.report.context import Context
from deepz_live.app.report.figures import NAMES, curves
from deepz_live.app.report.pairs import Field, measured_planes
from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.report.squares import busiest, with_margin

KEY, QUESTION = "distances", "How close is a refocused image to the mechanical scan?"
EFFORT = Effort(inputs=5, scored_px=256)
TUNED_PER_KEY = 1
NEAREST_UM = 1.0
"""Below this the input is still in focus, and there is little to refocus."""
OTHERS = ("baseline", "mean", "same_depth", "deconvolved")
SCORES = ("corr", "rmse", "ssim", "corr_detail", "mae", "mse")
BETTER = {"corr": "higher", "rmse": "lower"}


def _examples(field: Field) -> Iterator[Example]:
    inner = busiest(field, EFFORT.scored_px)
    inner, _ = with_margin(field.voxels.shape[1:], inner)
    met: dict[tuple[float, bool], int] = {}
    for source in field.sources(4):
        for pair in field.pairs(source, measured_planes(field.facts.z_planes_um)):
            key = (pair.distance_um, pair.sharper)
            met[key] = met.get(key, 0) + 1
            if pair.source != pair.target and met[key] <= TUNED_PER_KEY:
                image, target = (
                    field.normalised(index)[inner] for index in (pair.source, pair.target)
                )
                yield Example(image, pair.distance_um, pair.sharper, target)


def distances(context: Context) -> tuple[Section, dict[str, Any]]:
    """The section, and the measurement as :func:`app.quality.measure` gives it."""
    psf = context.psf
    tuned = None if psf is None else lambda field: tune(psf, list(_examples(field)))
    effort = replace(EFFORT, deconvolution=tuned)
    parts = [(path, context.box) for path in context.stacks]
    measured = measure(
        context.bundle,
        parts,
        targets=context.targets or None,
        report=context.note,
        engine=context.engine,
        effort=effort,
    )
    lost = losses(measured["per_distance"])
    facts = {**measured, "behind": lost, "psf_known": psf is not None}
    return (
        Section(
            KEY,
            QUESTION,
            _method(effort, bool(context.targets)),
            list(_findings(measured, lost)),
            [_table(measured["per_distance"], "corr"), _table(measured["per_distance"], "rmse"),
             _directions(measured["per_direction"])],
            [
                Picture("by_distance", "All pairs of planes, by refocus distance. Correlation and "
                        "SSIM: higher is better; error: lower is better.",
                        _panels(measured["per_distance"])),
                Picture("by_direction", "The same apart by direction: into focus (the target is "
                        "sharper than the input: the hard way) and out of focus (the target is "
                        "blurrier: a model that can only blur is good here).",
                        _direction_panels(measured["per_direction"])),
            ],
            facts,
            {"behind": lost, "psf_known": psf is not None},
        ),
        measured,
    )  # fmt: skip


def losses(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where another answer is better than the model: distance, score and whose."""
    found = []
    for row in rows:
        if abs(row["dz_um"]) < NEAREST_UM - 1e-6:
            continue
        for score, better in BETTER.items():
            for other in OTHERS:
                if other not in row:
                    continue
                gap = row[score] - row[other][score]
                if gap < 0 if better == "higher" else gap > 0:
                    found.append({"dz_um": row["dz_um"], "score": score, "answer": other})
    return found


def _method(effort: Effort, crossmodal: bool) -> str:
    text = (
        f"{effort.inputs} input planes of each stack, spread over the model's range around the "
        "sharpest plane, were refocused to every other plane within it; compared with the plane "
        f"the microscope recorded there (the square of {effort.scored_px} pixels with the most "
        "signal in the field, normalised as the model does). Beside it stand answers that need no "
        "network: the input as it is; the mean of all planes of the scan within range, pixel by "
        "pixel, which nobody has without scanning"
    )
    if crossmodal:
        return (
            text + "; and the frames' own modality at the target's depth, which takes a move of "
            "the stage. The truth is the other modality's scan, registered onto the frames'."
        )
    if effort.deconvolution is None:
        return text + ". The optics of this model cannot be modelled, so deconvolution is missing."
    return (
        text + "; and the known point spread function: Richardson-Lucy deconvolution of the "
        "single frame or blurring it, with whatever number of steps came closest to the scan of "
        "this very stack at this distance and in this direction (hints that nobody has at the "
        "microscope)."
    )


def _findings(measured: dict[str, Any], lost: Sequence[dict[str, Any]]) -> Iterator[str]:
    rows = [r for r in measured["per_distance"] if abs(r["dz_um"]) >= NEAREST_UM - 1e-6]
    if rows:
        best = min(rows, key=lambda row: row["corr"])
        yield (
            f"From {NEAREST_UM:g} µm on, correlation with the scan is at least {best['corr']:.3f} "
            f"(at {best['dz_um']:+g} µm; the input as it is: {best['baseline']['corr']:.3f})."
        )
    if not lost:
        yield (
            f"At every distance from {NEAREST_UM:g} µm on, the model is ahead of every answer "
            "without a network, in correlation and in error (RMSE)."
        )
    for other in OTHERS:
        places = sorted({one["dz_um"] for one in lost if one["answer"] == other})
        if places:
            listed = ", ".join(f"{dz:+g}" for dz in places)
            yield f"Behind “{NAMES[other]}” in correlation or error at {listed} µm."
    widths = measured.get("axial_fwhm_um")
    if widths:
        yield (
            f"Median thickness along z of {widths['n']} bright places: {_um(widths['refocused'])} "
            f"in the virtual stack, {_um(widths['truth'])} in the other modality's scan, "
            f"{_um(widths['same_depth'])} in that of the frames' own."
        )
    for direction in (INTO, OUT_OF):
        rows = [
            r for r in measured["per_direction"]
            if r["direction"] == direction and r["abs_dz_um"] >= NEAREST_UM - 1e-6
        ]  # fmt: skip
        if rows:
            ahead = sum(
                all(r["refocused"]["corr"] > r[o]["corr"] for o in OTHERS if o in r) for r in rows
            )
            yield (
                f"{direction.capitalize()}: ahead of all of them in correlation at {ahead} of "
                f"{len(rows)} distances."
            )


def _um(width: float | None) -> str:
    return "more than the range" if width is None else f"{width:.2f} µm"


def _table(rows: Sequence[dict[str, Any]], score: str) -> Table:
    others = [other for other in OTHERS if other in rows[0]]
    digits = 4 if score in ("rmse", "mae") else 3
    return Table(
        (f"{score}: dz (µm)", "n", "this model", *(NAMES[other] for other in others)),
        [
            [f"{r['dz_um']:+g}", str(r["n"]), f"{r[score]:.{digits}f}",
             *(f"{r[o][score]:.{digits}f}" for o in others)]
            for r in rows
        ],
    )  # fmt: skip


def _directions(rows: Sequence[dict[str, Any]]) -> Table:
    others = [other for other in OTHERS if rows and other in rows[0]]
    return Table(
        ("corr: |dz| (µm)", "direction", "n", "this model", *(NAMES[other] for other in others)),
        [
            [f"{r['abs_dz_um']:g}", r["direction"], str(r["n"]), f"{r['refocused']['corr']:.3f}",
             *(f"{r[o]['corr']:.3f}" for o in others)]
            for r in rows
        ],
    )  # fmt: skip


def _panels(rows: Sequence[dict[str, Any]]) -> bytes:
    x = [row["dz_um"] for row in rows]
    names = ["baseline", *[o for o in OTHERS[1:] if o in rows[0]], "refocused"]
    panels = []
    for score in SCORES[:4]:
        lines = {
            name: (x, [row[score] if name == "refocused" else row[name][score] for row in rows])
            for name in names
        }
        panels.append((score, lines))
    return curves(panels, "refocus distance (µm)", from_zero=("corr", "rmse"))


def _direction_panels(rows: Sequence[dict[str, Any]]) -> bytes:
    panels = []
    for score in ("corr", "rmse"):
        for direction in (INTO, OUT_OF):
            group = [row for row in rows if row["direction"] == direction]
            names = [n for n in (*OTHERS, "refocused") if group and n in group[0]]
            x = [row["abs_dz_um"] for row in group]
            lines = {name: (x, [row[name][score] for row in group]) for name in names}
            panels.append((f"{score}, {direction}", lines))
    return curves(panels, "refocus distance without its sign (µm)")
