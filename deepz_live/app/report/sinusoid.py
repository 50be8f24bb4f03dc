"""Wavy surfaces: how quickly may the refocus distance change across the image (S7)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.report.context import Context, Image
from deepz_live.app.report.figures import curves
from deepz_live.app.report.pairs import Field, label
from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.report.squares import central
from deepz_live.app.surfaces.slope import SPAN
from deepz_live.image.dpm import Sinusoid
from deepz_live.image.metrics import compare
from deepz_live.refocus.engine import surface_from

KEY, QUESTION = "sinusoid", "Can it follow a wavy surface?"
PERIODS_PX = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
SCORES = ("corr", "rmse", "ssim")
TOLERANCE = 0.05
"""A correlation this close to that of the longest waves is as good."""


def sinusoid(context: Context) -> Section:
    """Sinusoidal DPMs of many periods against the scan, sampled along the same surface."""
    found: dict[int, list[dict[str, dict[str, float]]]] = defaultdict(list)
    for path in context.stacks[:2]:
        context.note(f"Wavy surfaces on {label(path)}")
        field = context.field(path)
        source = source_plane(context, field)
        inner = central(field.voxels.shape[1:], 320)
        frame = field.normalised(source)
        pixels = field.voxels[source]
        volume = None
        if context.bundle.facts.network == "planes":
            volume = context.engine.volume(pixels)
        for period in PERIODS_PX:
            dpm = surface(context, field, period)
            if volume is not None:
                made = surface_from(volume, field.facts.z_planes_um, dpm)
            else:
                made = context.engine.surface(pixels, dpm)
            truth = scan_along(field, source, dpm)[inner]
            images = {"refocused": field.facts.normalization.forward(made), "baseline": frame}
            found[period].append(
                {name: _scores(image[inner], truth, field) for name, image in images.items()}
            )
    return _section(context, found)


def source_plane(context: Context, field: Field) -> int:
    """The input lies so that the surface swings evenly about the sharpest plane."""
    return field.middle + field.steps(context.reach_um * sum(SPAN) / 2)


def surface(context: Context, field: Field, period_px: int) -> NDArray[np.float32]:
    """DPM ``(Y, X)`` µm between ``-SPAN`` of the reach, waves along x."""
    amplitude = context.reach_um * (SPAN[1] - SPAN[0]) / 2
    centre = -context.reach_um * sum(SPAN) / 2
    waves = Sinusoid(period_px * field.pixel_size_um, amplitude, 0.0, centre)
    height, width = field.voxels.shape[1:]
    return waves.dpm((height, width), field.pixel_size_um)


def scan_along(field: Field, source: int, dpm: NDArray[np.floating]) -> Image:
    """The mechanical scan ``(Y, X)`` along ``dpm`` from plane ``source``, normalised.

    Linear between the scan's planes, as the paper's ground truth; where the surface leaves the
    scan, the scan's last plane.
    """
    z_um = (np.arange(len(field.voxels)) - source) * field.z_step_um
    inside = np.clip(dpm, z_um[0], z_um[-1])
    first = int(np.searchsorted(z_um, inside.min(), side="right")) - 1
    last = int(np.searchsorted(z_um, inside.max(), side="left"))
    low, high = max(first, 0), min(max(last, first + 1), len(z_um) - 1)
    planes = field.facts.normalization.forward(field.voxels[low : high + 1])
    return surface_from(planes, [float(z) for z in z_um[low : high + 1]], inside)


def followed_from(rows: list[dict[str, Any]], best: float) -> float:
    """The shortest period (µm) from which on no longer one falls short of ``best``."""
    period = float(rows[-1]["period_um"])
    for row in reversed(rows):
        if row["refocused"]["corr"] < best - TOLERANCE:
            break
        period = float(row["period_um"])
    return period


def _scores(image: Image, truth: Image, field: Field) -> dict[str, float]:
    scores = compare(image, truth, field.pixel_size_um)
    return {"corr": scores["corr"], "rmse": scores["rmse"], "ssim": scores["ssim"]}


def _section(context: Context, found: dict[int, list[dict[str, dict[str, float]]]]) -> Section:
    pixel = context.bundle.facts.pixel_size_um
    rows: list[dict[str, Any]] = []
    for period, measured in sorted(found.items()):
        row: dict[str, Any] = {"period_px": period, "period_um": period * pixel}
        for name in ("refocused", "baseline"):
            row[name] = {s: float(np.mean([one[name][s] for one in measured])) for s in SCORES}
        rows.append(row)
    x = [row["period_px"] for row in rows]
    panels = [
        (score, {n: (x, [row[n][score] for row in rows]) for n in ("baseline", "refocused")})
        for score in ("corr", "rmse")
    ]
    span = [-share * context.reach_um for share in SPAN]
    slowest = rows[-1]["refocused"]["corr"]
    safe = followed_from(rows, slowest)
    finding = (
        f"Waves of {safe:.2g} µm and longer are followed as well as the longest ones "
        f"(correlation {slowest:.3f}); faster ones lose up to "
        f"{slowest - min(row['refocused']['corr'] for row in rows):.3f}. "
        "The paper's network needed 32 µm."
    )
    return Section(
        KEY,
        QUESTION,
        f"One frame was refocused onto surfaces that wave between {span[0]:g} and {span[1]:g} µm "
        f"below it, with periods from {PERIODS_PX[0]} to {PERIODS_PX[-1]} pixels, and compared "
        "with the mechanical scan sampled along the same surfaces (paper Fig. S7). Periods below "
        "four pixels are sampled so coarsely that their true span is smaller.",
        [finding],
        [Table(("period (px)", "period (µm)", "corr", "input", "rmse", "input"),
               [[str(r["period_px"]), f"{r['period_um']:.1f}",
                 f"{r['refocused']['corr']:.3f}", f"{r['baseline']['corr']:.3f}",
                 f"{r['refocused']['rmse']:.4f}", f"{r['baseline']['rmse']:.4f}"] for r in rows])],
        [Picture("sinusoid", "Likeness to the scan along the wavy surface, by its period.",
                 curves(panels, "period of the surface (pixels)", log_x=True))],
        {"per_period": rows},
        {"followed_from_um": safe, "corr_long_waves": slowest},
    )  # fmt: skip
