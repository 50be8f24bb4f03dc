"""How wide the beads of any stack are, sideways and along z (paper Eq. 6 to 9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.beads import axial_fwhm, beads_in_stack, lateral_fwhm
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.sources import Planes, read_planes
from deepz_live.app.paths import check_out
from deepz_live.app.report.figures import histograms
from deepz_live.refocus.engine import Engine
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.table import table

Note = Callable[[str], None]
HEAD = ("file", "y_um", "x_um", "z_um", "lateral_fwhm_um", "axial_fwhm_um", "height_counts")


@dataclass(frozen=True, slots=True)
class Bead:
    """One isolated bead; widths in µm, NaN where the fit failed, z from the first plane."""

    file: str
    y_um: float
    x_um: float
    z_um: float
    lateral_fwhm_um: float
    axial_fwhm_um: float
    height_counts: float


def measure_beads(planes: Planes) -> list[Bead]:
    """Lateral width in the plane where each bead is in focus, axial width in its xz section."""
    centres, focus = beads_in_stack(planes.voxels)
    axial = axial_fwhm(planes.voxels, centres, planes.z_step_um)
    return [
        _bead(planes, centre, int(plane), float(width))
        for centre, plane, width in zip(centres, focus, axial, strict=True)
    ]


def analyze_beads(
    paths: Sequence[Path],
    *,
    out: Path,
    engine: Engine | None = None,
    frame: int = 0,
    pixel_size_um: float | None = None,
    z_step_um: float | None = None,
    note: Note = lambda _: None,
) -> dict[str, Any]:
    """Widths of the isolated beads of stacks, or of virtual stacks of recordings.

    Parameters
    ----------
    paths
        Stacks, and sessions where there is an ``engine`` to make a stack of their ``frame``.
    out
        Folder for ``beads.csv``, ``beads.json`` and ``beads.png``.
    pixel_size_um, z_step_um
        Override what the stacks say.

    Returns
    -------
    What ``beads.json`` holds: medians and failed fits, together and by file.

    Raises
    ------
    StackError, SessionError, AnalysisError, RefocusError
        A file cannot be read, or there is no isolated bead in any.
    FolderError
        ``out`` cannot be written into.
    """
    check_out(out)
    found: list[Bead] = []
    rows = []
    for path in paths:
        note(f"Beads in {path.name}")
        planes = read_planes(
            path, engine, frame=frame, pixel_size_um=pixel_size_um, z_step_um=z_step_um, note=note
        )
        beads = measure_beads(planes)
        rows.append({"file": planes.name, "inferred": planes.inferred, **_summary(beads)})
        found += beads
    if not found:
        raise AnalysisError(
            f"No isolated bead was found in {len(paths)} file(s); beads must stand out of the "
            "background, 30 pixels from each other and from the rim, and be in focus inside the "
            "stack."
        )
    facts = {**_summary(found), "files": rows}
    out.mkdir(parents=True, exist_ok=True)
    lines = [tuple(_cell(getattr(bead, name)) for name in HEAD) for bead in found]
    replace_file(out / "beads.csv", table(HEAD, lines))
    replace_file(out / "beads.json", to_json(facts, indent=1))
    widths = {name: np.array([getattr(b, name) for b in found]) for name in HEAD[4:6]}
    panels = [
        ("Sideways", "lateral FWHM (µm)", {"isolated beads": widths["lateral_fwhm_um"]}),
        ("Along z", "axial FWHM (µm)", {"isolated beads": widths["axial_fwhm_um"]}),
    ]
    replace_file(out / "beads.png", histograms(panels))
    return facts


def _bead(planes: Planes, centre: NDArray[np.float64], plane: int, axial: float) -> Bead:
    fits = lateral_fwhm(planes.voxels[plane], centre[None], planes.pixel_size_um)
    return Bead(
        file=planes.name,
        y_um=float(centre[0]) * planes.pixel_size_um,
        x_um=float(centre[1]) * planes.pixel_size_um,
        z_um=plane * planes.z_step_um,
        lateral_fwhm_um=fits[0].fwhm_um if fits else float("nan"),
        axial_fwhm_um=axial,
        height_counts=fits[0].amplitude if fits else float("nan"),
    )


def _summary(beads: Sequence[Bead]) -> dict[str, Any]:
    facts: dict[str, Any] = {"beads": len(beads)}
    for name in ("lateral_fwhm_um", "axial_fwhm_um"):
        values = np.array([getattr(bead, name) for bead in beads], np.float64)
        good = values[np.isfinite(values)]
        facts[f"median_{name}"] = float(np.median(good)) if len(good) else None
        facts[f"failed_{name.split('_')[0]}"] = len(values) - len(good)
    return facts


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.4f}" if np.isfinite(value) else ""
