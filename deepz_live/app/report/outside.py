"""Outside the trained range: what becomes of an input further away than the model reaches."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from deepz_live.app.report.context import Context
from deepz_live.app.report.figures import curves
from deepz_live.app.report.pairs import label
from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.report.squares import central
from deepz_live.image.metrics import correlation

KEY, QUESTION = "outside", "Where does it stop working?"
SHARES = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0)


def outside(context: Context) -> Section:
    """Inputs from within and beyond the trained range, brought as near to focus as allowed (S2)."""
    low, high = context.bundle.facts.z_range_um
    found: dict[float, list[tuple[float, float]]] = defaultdict(list)
    for path in context.stacks:
        context.note(f"Beyond the range on {label(path)}")
        field = context.field(path)
        inner = central(field.voxels.shape[1:], 320)
        truth = field.wanted(field.middle)[inner]
        for sign in (-1.0, 1.0):
            for share in SHARES:
                defocus = sign * share * context.reach_um
                source = field.middle + field.steps(defocus)
                if not 0 <= source < len(field.voxels):
                    continue
                plane = context.nearest_plane(float(np.clip(-defocus, low, high)))
                made = context.normalised_volume(field, source)[plane][inner]
                frame = field.normalised(source)[inner]
                pair = (correlation(made, truth), correlation(frame, truth))
                found[round(defocus, 4)].append(pair)
    rows: list[dict[str, Any]] = [
        {
            "defocus_um": defocus,
            "n": len(found[defocus]),
            "inside": low <= -defocus <= high,
            "corr": float(np.mean([pair[0] for pair in found[defocus]])),
            "corr_input": float(np.mean([pair[1] for pair in found[defocus]])),
        }
        for defocus in sorted(found)
    ]
    x = [row["defocus_um"] for row in rows]
    lines = {
        "refocused": (x, [row["corr"] for row in rows]),
        "baseline": (x, [row["corr_input"] for row in rows]),
    }
    return Section(
        KEY,
        QUESTION,
        f"Frames taken up to twice as far from focus as the model was trained for "
        f"({low:+g} … {high:+g} µm), refocused onto the sharpest plane; beyond the range the model "
        "goes as far as it can (the program refuses greater distances). Paper Fig. S2.",
        list(_findings(rows)),
        [Table(("defocus (µm)", "trained for", "n", "corr", "input"),
               [[f"{r['defocus_um']:+g}", "yes" if r["inside"] else "no", str(r["n"]),
                 f"{r['corr']:.3f}", f"{r['corr_input']:.3f}"] for r in rows])],
        [Picture("outside", "Correlation with the sharpest plane, by the input's defocus.",
                 curves([("corr", lines)], "defocus of the input (µm)"))],
        {"per_defocus": rows},
        {"corr_within": _mean(rows, True), "corr_beyond": _mean(rows, False)},
    )  # fmt: skip


def _mean(rows: list[dict[str, Any]], inside: bool) -> float | None:
    found = [row["corr"] for row in rows if row["inside"] == inside]
    return float(np.mean(found)) if found else None


def _findings(rows: list[dict[str, Any]]) -> list[str]:
    within, beyond = _mean(rows, True), _mean(rows, False)
    if within is None or beyond is None:
        return ["The stacks end where the model's range ends, so nothing lies beyond it."]
    return [
        f"Within the range the mean correlation with the focused plane is {within:.3f}, beyond it "
        f"{beyond:.3f}: do not trust a refocused image of anything further away than the range."
    ]
