"""One frame refocused onto a tilted, curved or wavy surface (paper Fig. 4 and S7)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.beads import find_beads, lateral_fwhm
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.sources import is_stack, read_frame
from deepz_live.app.analyze.surface_figure import BeadPair, figure
from deepz_live.app.paths import check_out
from deepz_live.app.report.context import Context
from deepz_live.app.report.sinusoid import sinusoid
from deepz_live.app.surfaces.choose import read_choice, surface_in
from deepz_live.app.surfaces.slope import slope_warning
from deepz_live.image.dpm import Surface
from deepz_live.image.surface_text import surface_text
from deepz_live.refocus.engine import Engine
from deepz_live.refocus.planes import check_range
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.inferred import InferredFacts, write_inferred
from deepz_live.session.table import table

Note = Callable[[str], None]
Image = NDArray[np.floating]
THRESHOLD = 0.2


def analyze_surface(
    path: Path,
    engine: Engine,
    *,
    out: Path,
    surface: str | Surface | None = None,
    frame: int = 0,
    note: Note = lambda _: None,
) -> dict[str, Any]:
    """Refocus one frame onto ``surface``, and measure its beads before and after.

    Without a ``surface``, on a mechanical stack: how quickly may the refocus distance change
    across the image? One plane of the stack is refocused onto sinusoids of many periods and
    compared with the stack along the same sinusoids.

    Parameters
    ----------
    path
        An image, the ``frame``-th frame of a session, or a stack where ``surface`` is None.
    out
        Folder for ``surface.json``, ``surface.png`` and, with a surface, ``surface.csv`` (a row a
        bead) and ``refocused.ome.tif``.

    Returns
    -------
    What ``surface.json`` holds.

    Raises
    ------
    StackError, SessionError, AnalysisError
        The input cannot be read, is not of the model's pixel size, or is not what is wanted.
    SurfaceError, RefocusError
        No such surface; it leaves the model's range.
    FolderError
        ``out`` cannot be written into.
    """
    check_out(out)
    choice = read_choice(surface) if surface is not None else None
    if choice is None:
        return _waves(path, engine, out, note)
    if path.is_file() and is_stack(path):
        raise AnalysisError(
            f"{path.name} is a stack; a surface is made from one frame: give an image or a "
            "recording, or leave out the surface to measure which waves are followed."
        )
    pixels, name = read_frame(path, engine.bundle, frame, note=note)
    size_um = engine.bundle.facts.pixel_size_um
    rule = surface_in(choice, engine, pixels)
    dpm = rule.dpm((pixels.shape[0], pixels.shape[1]), size_um)
    check_range(dpm, engine.bundle.facts.z_planes_um)
    warning = slope_warning(dpm, size_um, engine.bundle.facts)
    if warning is not None:
        note(warning)
    made = engine.surface(pixels, dpm)
    beads = _beads(pixels, made, dpm, size_um)
    facts = {
        "input": name,
        "surface": surface_text(rule),
        "bundle": engine.bundle.identity(),
        "warning": warning,
        "z_um": [float(dpm.min()), float(dpm.max())],
        **_widths(beads),
    }
    out.mkdir(parents=True, exist_ok=True)
    described = InferredFacts(
        distances_um=(float("nan"),),
        pixel_size_um=size_um,
        bundle_id=f"{engine.bundle.name} {engine.bundle.sha256[:12]}",
        source=name,
        extra={"surface": surface_text(rule)},
    )
    write_inferred(out / "refocused.ome.tif", [made[None]], 1, described)
    head = ("y_px", "x_px", "z_um", "input_fwhm_um", "refocused_fwhm_um")
    lines = [[_cell(getattr(bead, column)) for column in head] for bead in beads]
    replace_file(out / "surface.csv", table(head, lines))
    replace_file(out / "surface.json", to_json(facts, indent=1))
    replace_file(out / "surface.png", figure(pixels, made, dpm, beads, size_um))
    return facts


def _waves(path: Path, engine: Engine, out: Path, note: Note) -> dict[str, Any]:
    if not is_stack(path):
        raise AnalysisError(
            f"{path} is no mechanical stack, which is what waves are compared with; give a stack, "
            "or a surface with --surface."
        )
    section = sinusoid(Context(engine, [path], None, note))
    facts = {
        "input": path.name,
        "bundle": engine.bundle.identity(),
        **section.summary,
        **section.facts,
    }
    out.mkdir(parents=True, exist_ok=True)
    replace_file(out / "surface.json", to_json(facts, indent=1))
    replace_file(out / "surface.png", section.pictures[0].png)
    return facts


def _beads(pixels: Image, made: Image, dpm: Image, size_um: float) -> list[BeadPair]:
    """Isolated beads of the refocused image, fitted there and at the same places in the input."""
    floor = float(np.median(made))
    centres = find_beads(made, floor + THRESHOLD * (float(made.max()) - floor))
    pairs = []
    for centre in centres:
        after = lateral_fwhm(made, centre[None], size_um)
        if not after:
            continue
        before = lateral_fwhm(pixels, centre[None], size_um)
        y, x = np.rint(centre).astype(int)
        blurred = before[0].fwhm_um if before else float("nan")
        place = (float(centre[0]), float(centre[1]), float(dpm[y, x]))
        pairs.append(BeadPair(*place, blurred, after[0].fwhm_um))
    return pairs


def _widths(beads: list[BeadPair]) -> dict[str, Any]:
    facts: dict[str, Any] = {"beads": len(beads)}
    for name in ("input", "refocused"):
        values = np.array([getattr(bead, f"{name}_fwhm_um") for bead in beads], np.float64)
        good = values[np.isfinite(values)]
        facts[f"median_{name}_fwhm_um"] = float(np.median(good)) if len(good) else None
        facts[f"failed_{name}"] = len(values) - len(good)
    return facts


def _cell(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else ""
