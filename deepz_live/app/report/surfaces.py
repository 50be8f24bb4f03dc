"""Beads on a tilted and on a curved surface, all brought into focus by one DPM (paper Fig. 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.simulated.specimen import surface_um
from deepz_live.analysis.beads import isolated, lateral_fwhm
from deepz_live.app.report.context import Context
from deepz_live.app.report.figures import histograms, image_rows
from deepz_live.app.report.scenes import changed, shoot
from deepz_live.app.report.section import Picture, Section, Table, not_measured
from deepz_live.config import Profile

KEY, QUESTION = "surfaces", "Can it bring a tilted or curved sample into focus?"
HEIGHT_PX, WIDTH_PX = 256, 1024
KINDS = {"beads-tilted": "tilted by 1.5°", "beads-cylinder": "on a cylinder"}
PAPER = {"beads-tilted": "2.14 → 0.96", "beads-cylinder": "2.41 → 0.91"}
SEEDS = 2


def surfaces(context: Context, profile: Profile, seeds: Sequence[int] = range(SEEDS)) -> Section:
    """Median lateral FWHM before and after, and of the same beads in focus on a flat surface.

    ``seeds`` are those of :func:`scenes.changed`, one field each on every surface.
    """
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    shown: list[Picture] = []
    for kind, words in KINDS.items():
        widths: dict[str, list[float]] = {"baseline": [], "refocused": [], "scan": []}
        for number, seed in enumerate(seeds, start=1):
            context.note(f"Beads {words}, field {number}")
            try:
                images, places = _scene(context, profile, kind, seed)
            except MicroscopeError as error:
                return not_measured(KEY, QUESTION, str(error))
            for name, image in images.items():
                for place in places:
                    fits = lateral_fwhm(image, place[None], context.bundle.facts.pixel_size_um)
                    widths[name].append(fits[0].fwhm_um if fits else np.nan)
        found[kind] = {name: np.array(values) for name, values in widths.items()}
        forward = context.bundle.facts.normalization.forward
        titles = {"baseline": "input", "refocused": "refocused along the surface (inferred)",
                  "scan": "the same beads in focus, recorded flat"}  # fmt: skip
        pixel = context.bundle.facts.pixel_size_um
        rows = [("", [(titles[name], forward(images[name]))]) for name in titles]
        shown.append(
            Picture(kind, f"Beads {words}; square-root contrast.",
                    image_rows(rows, pixel_size_um=pixel, root=True, bar_um=50.0))
        )  # fmt: skip
    return _section(found, shown, len(seeds))


def dpm_of(profile: Profile, stage_um: float) -> NDArray[np.float64]:
    """Height ``(Y, X)`` µm of the sample's surface above the focal plane at ``stage_um``."""
    pixel, camera = profile.optics.pixel_size_um or 1.0, profile.camera
    y, x = (
        pixel * (np.arange(side, dtype=np.float64) - (side - 1) / 2)
        for side in (camera.height_px, camera.width_px)
    )
    return surface_um(profile.specimen, y[:, None], x[None, :]) - stage_um


def _scene(
    context: Context, profile: Profile, kind: str, seed: int
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float64]]:
    camera = {"height_px": HEIGHT_PX, "width_px": WIDTH_PX}
    sample = {"photons": None, "depth_um": None}
    bent = changed(profile, seed, camera=camera, specimen={**sample, "kind": kind})
    flat = changed(profile, seed, camera=camera, specimen={**sample, "kind": "beads-flat"})
    level = dpm_of(bent, 0.0)
    stage = float(level.min() + level.max()) / 2
    low, high = context.bundle.facts.z_range_um
    dpm = dpm_of(bent, stage)
    inside = (dpm >= low) & (dpm <= high)
    shots, focused = shoot(bent, [stage]), shoot(flat, [0.0])
    made = context.engine.surface(shots.frames[0], np.clip(dpm, low, high).astype(np.float32))
    # The same seed puts the beads at the same places on every surface.
    places = isolated(focused.beads_px, focused.frames[0].shape)
    rows, columns = np.rint(places).astype(int).T
    images = {"baseline": shots.frames[0], "refocused": made, "scan": focused.frames[0]}
    return images, places[inside[rows, columns]]


def _section(
    found: dict[str, dict[str, NDArray[np.float64]]], shown: list[Picture], fields: int
) -> Section:
    rows, findings = [], []
    summary: dict[str, Any] = {}
    for kind, widths in found.items():
        medians = {name: float(np.nanmedian(values)) for name, values in widths.items()}
        failed = {name: int(np.isnan(values).sum()) for name, values in widths.items()}
        count = len(widths["scan"])
        summary[kind] = {"beads": count, "median_fwhm_um": medians, "fits_failed": failed}
        rows.append([KINDS[kind], str(count), *(f"{medians[n]:.2f}" for n in medians),
                     f"{failed['baseline']} / {failed['refocused']}", PAPER[kind]])  # fmt: skip
        share = 100 * (medians["refocused"] / medians["scan"] - 1)
        findings.append(
            f"Beads {KINDS[kind]}: from {medians['baseline']:.2f} to "
            f"{medians['refocused']:.2f} µm, {share:+.0f} % beside "
            f"the {medians['scan']:.2f} µm of the same beads in focus."
        )
    panels = [(KINDS[kind], "lateral FWHM (µm)", widths) for kind, widths in found.items()]
    return Section(
        KEY,
        QUESTION,
        f"{fields} fields of beads each on a plane tilted by 1.5° and on a cylinder of 7.2 mm, one "
        "frame each, refocused with the DPM of that very surface. Widths are medians of Gaussian "
        "fits at the places where isolated beads are known to be; in focus: the same beads, "
        "recorded flat. Paper Fig. 4.",
        findings,
        [Table(("surface", "beads", "input (µm)", "refocused", "in focus",
                "failed fits (input / refocused)", "paper (another microscope)"), rows)],
        [*shown,
         Picture("surface_widths", "Widths of all beads.", histograms(panels))],
        summary,
        summary,
    )  # fmt: skip
