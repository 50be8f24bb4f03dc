"""Beads: how wide are they in the virtual stack, sideways and along z, and how noisy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.beads import BeadFit, axial_fwhm, beads_in_stack, lateral_fwhm
from deepz_live.analysis.snr import background_noise, bead_snr
from deepz_live.app.report.context import Context
from deepz_live.app.report.figures import curves, histograms
from deepz_live.app.report.pairs import Field, label
from deepz_live.app.report.section import Picture, Section, Table, not_measured

KEY, QUESTION = "beads", "How sharp are points after refocusing?"
DEFOCUS = tuple(step / 5 for step in range(-5, 6))
"""Input planes, as a share of the model's reach."""
TRUSTED = 0.8
"""Widths are summarised up to this share of the reach (8 of 10 µm)."""
FEWEST = 5
THRESHOLD = 0.2
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Widths:
    """One bead seen from one input plane; widths in µm, NaN where the fit failed.

    ``defocus_um`` is how far the bead's focus lies above the input plane.
    """

    defocus_um: float
    lateral: dict[str, float]
    axial: dict[str, float]
    snr: dict[str, float]


def beads(context: Context) -> Section:
    """Lateral and axial FWHM (paper Eq. 6 to 9) and SNR of isolated beads."""
    found: list[Widths] = []
    count = 0
    for path in context.stacks:
        context.note(f"Beads on {label(path)}")
        field = context.field(path)
        centres, focus = isolated_beads(field)
        count += len(centres)
        found += _field(context, field, centres, focus)
    if count < FEWEST:
        return not_measured(
            KEY, QUESTION, f"the stacks show {count} isolated point(s), at least {FEWEST} are "
            "wanted.",
        )  # fmt: skip
    return _section(context, found, count)


def isolated_beads(field: Field) -> tuple[Floats, NDArray[np.int_]]:
    """Centres ``(N, 2)`` in pixels and plane of focus ``(N,)`` of beads with nothing near.

    Found in the maximum over the scan's planes within range; a bead whose brightest plane is the
    first or last of them has its focus elsewhere.
    """
    planes = field.voxels[field.low : field.high + 1]
    centres, focus = beads_in_stack(planes, THRESHOLD)
    return centres, focus + field.low


def _field(
    context: Context, field: Field, centres: Floats, focus: NDArray[np.int_]
) -> Iterator[Widths]:
    pixel = field.pixel_size_um
    brightest = field.voxels[field.low : field.high + 1].max(axis=0)
    empty = brightest < np.median(brightest)
    scan_noise: dict[int, float] = {}
    scans: list[BeadFit | None] = []
    for centre, plane in zip(centres, focus, strict=True):
        image = field.normalised(int(plane))
        scans.append(_lateral(image, centre, pixel))
        if plane not in scan_noise:
            scan_noise[plane] = background_noise(image, empty)
    for share in DEFOCUS:
        source = field.middle + field.steps(share * context.reach_um)
        if not 0 <= source < len(field.voxels):
            continue
        volume = context.normalised_volume(field, source)
        frame = field.normalised(source)
        noise = [background_noise(plane, empty) for plane in volume]
        for centre, plane, scan in zip(centres, focus, scans, strict=True):
            distance = (int(plane) - source) * field.z_step_um
            if abs(distance) > context.reach_um + field.z_step_um / 2 or scan is None:
                continue
            nearest = context.nearest_plane(distance)
            if abs(field.facts.z_planes_um[nearest] - distance) > field.z_step_um / 4:
                continue  # the model has no plane where this bead is in focus
            made, seen = (_lateral(image, centre, pixel) for image in (volume[nearest], frame))
            snr = {"scan": float(bead_snr([scan], scan_noise[plane])[0])}
            if made is not None:
                snr["refocused"] = float(bead_snr([made], noise[nearest])[0])
            fits = {"refocused": made, "baseline": seen, "scan": scan}
            lateral = {name: fit.fwhm_um if fit else np.nan for name, fit in fits.items()}
            yield Widths(distance, lateral, _axial(field, volume, source, centre), snr)


def _lateral(image: NDArray[np.floating], centre: Floats, pixel_um: float) -> BeadFit | None:
    fits = lateral_fwhm(image, centre[None], pixel_um)
    return fits[0] if fits else None


def _axial(
    field: Field, volume: NDArray[np.float32], source: int, centre: Floats
) -> dict[str, float]:
    """Both stacks on the very same planes, so that both see as much of the bead."""
    where = np.array([source + field.steps(z) for z in field.facts.z_planes_um])
    there = (where >= 0) & (where < len(field.voxels))
    spacing = float(np.diff(field.facts.z_planes_um)[0])
    # One row of pixels is all that is fitted: cutting it out first spares copying the stacks.
    row = slice(round(float(centre[0])), round(float(centre[0])) + 1)
    at = np.array([[0.0, float(centre[1])]])
    stacks = {"refocused": volume[there, row], "scan": field.voxels[where[there], row]}
    return {name: float(axial_fwhm(stack, at, spacing)[0]) for name, stack in stacks.items()}


def _section(context: Context, found: Sequence[Widths], count: int) -> Section:
    rows = list(_by_defocus(context, found))
    near = [one for one in found if abs(one.defocus_um) <= TRUSTED * context.reach_um + 1e-6]
    lateral = {n: _values(near, "lateral", n) for n in ("refocused", "scan")}
    axial = {n: _values(near, "axial", n) for n in ("refocused", "scan")}
    gain = _gain(near)
    limit = TRUSTED * context.reach_um
    summary = {
        "isolated_beads": count,
        "within_um": limit,
        "lateral_fwhm_um": {n: _median(v) for n, v in lateral.items()},
        "axial_fwhm_um": {n: _median(v) for n, v in axial.items()},
        "fits_failed": {
            "lateral": int(np.isnan(lateral["refocused"]).sum()),
            "axial": int(np.isnan(axial["refocused"]).sum()),
            "of": len(near),
        },
        "snr_gain": _median(gain),
    }
    return Section(
        KEY,
        QUESTION,
        f"{count} isolated points of the mechanical scan were looked at from "
        f"{len(DEFOCUS)} input planes a field. In the plane where the scan shows a point in focus "
        "a 2D Gaussian gives its lateral width (FWHM, paper Eq. 6, 7); a Gaussian through its xz "
        "section gives the axial one (Eq. 8, 9), in the virtual stack and in the scan on the same "
        "planes. Signal to noise is the height of the point over the spread of the empty "
        "background (paper Fig. S1).",
        _findings(summary, limit),
        [_table(rows)],
        [
            Picture("bead_widths", "Widths of all points defocused by up to "
                    f"{limit:g} µm; dashed: medians; in brackets: number of fits.",
                    histograms([("Sideways", "lateral FWHM (µm)", lateral),
                                ("Along z", "axial FWHM (µm)", axial)])),
            Picture("bead_width_by_defocus", "Median width by how far the point's focus lies above "
                    "the input plane.", _curves(rows)),
        ],
        {"per_defocus": rows, **summary},
        summary,
    )  # fmt: skip


def _by_defocus(context: Context, found: Sequence[Widths]) -> Iterator[dict[str, object]]:
    step = context.reach_um * (DEFOCUS[1] - DEFOCUS[0])
    for share in DEFOCUS:
        centre = share * context.reach_um
        group = [one for one in found if abs(one.defocus_um - centre) <= step / 2]
        if group:
            yield {
                "defocus_um": round(centre, 3),
                "n": len(group),
                "lateral_fwhm_um": {
                    n: _median(_values(group, "lateral", n))
                    for n in ("refocused", "baseline", "scan")
                },
                "axial_fwhm_um": {
                    n: _median(_values(group, "axial", n)) for n in ("refocused", "scan")
                },
                "fits_failed": int(np.isnan(_values(group, "lateral", "refocused")).sum()),
                "axial_fits_failed": int(np.isnan(_values(group, "axial", "refocused")).sum()),
                "snr_gain": _median(_gain(group)),
            }


def _values(found: Sequence[Widths], kind: str, name: str) -> Floats:
    return np.array([getattr(one, kind).get(name, np.nan) for one in found], np.float64)


def _gain(found: Sequence[Widths]) -> Floats:
    return _values(found, "snr", "refocused") / _values(found, "snr", "scan")


def _median(values: Floats) -> float | None:
    kept = values[np.isfinite(values)]
    return float(np.median(kept)) if len(kept) else None


def _findings(summary: dict[str, object], limit_um: float) -> list[str]:
    sentences = []
    for kind, word in (("lateral", "Sideways"), ("axial", "Along z")):
        widths = summary[f"{kind}_fwhm_um"]
        if isinstance(widths, dict) and widths["refocused"] and widths["scan"]:
            share = 100 * (widths["refocused"] / widths["scan"] - 1)
            sentences.append(
                f"{word}, points defocused by up to {limit_um:g} µm come out "
                f"{widths['refocused']:.2f} µm wide (median); the mechanical scan shows "
                f"{widths['scan']:.2f} µm ({share:+.0f} %)."
            )
    failed = summary["fits_failed"]
    if isinstance(failed, dict):
        sentences.append(
            f"Of {failed['of']} fits in the virtual stack {failed['lateral']} lateral and "
            f"{failed['axial']} axial ones failed; a failed fit is a point that was not restored."
        )
    gain = summary["snr_gain"]
    if isinstance(gain, float):
        sentences.append(
            f"Points stand out of the background {gain:.1f} times as clearly as in the scan. "
            "A network smooths the background, so this says that noise is gone, not that more "
            "was seen."
        )
    return sentences


def _table(rows: Sequence[dict[str, object]]) -> Table:
    cells = []
    for row in rows:
        lateral, axial = row["lateral_fwhm_um"], row["axial_fwhm_um"]
        if isinstance(lateral, dict) and isinstance(axial, dict):
            numbers = [lateral["refocused"], lateral["baseline"], lateral["scan"],
                       axial["refocused"], axial["scan"], row["snr_gain"]]  # fmt: skip
            cells.append(
                [f"{row['defocus_um']:+g}", str(row["n"]), *(_text(v) for v in numbers),
                 f"{row['fits_failed']} / {row['axial_fits_failed']}"]
            )  # fmt: skip
    return Table(
        ("focus above input (µm)", "n", "lateral: model", "input", "scan", "axial: model", "scan",
         "SNR gain", "failed fits (lateral / axial)"), cells,
        "Medians, µm. Far from focus the input's width is that of a ring's fragment and means "
        "little.",
    )  # fmt: skip


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "-"


def _curves(rows: Sequence[dict[str, object]]) -> bytes:
    panels = []
    for key, title in (
        ("lateral_fwhm_um", "Lateral FWHM (µm)"),
        ("axial_fwhm_um", "Axial FWHM (µm)"),
    ):
        lines: dict[str, tuple[list[float], list[float]]] = {}
        for row in rows:
            widths = row[key]
            if isinstance(widths, dict):
                for name, width in widths.items():
                    if width is not None and name != "baseline":
                        x, y = lines.setdefault(name, ([], []))
                        x.append(float(str(row["defocus_um"])))
                        y.append(width)
        panels.append((title, lines))
    return curves(panels, "focus above input plane (µm)")
