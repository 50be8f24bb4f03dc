"""Real recordings: a bead under another objective, and nuclei of an embryo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import interp1d
from skimage.transform import resize_local_mean

from deepz_live.analysis.beads import lateral_fwhm
from deepz_live.app import quality
from deepz_live.app.report.context import Context
from deepz_live.app.report.distances import NEAREST_UM
from deepz_live.app.report.pictures import pictures
from deepz_live.app.report.section import Section, Table
from deepz_live.app.reproduce.lab import BEADS, WORM, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row, close_to, not_run
from deepz_live.app.reproduce.step import Step
from deepz_live.image.focus import extended_depth_of_field
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import BundleFacts
from deepz_live.session.stack import Stack, read_stack, write_stack

BEAD = "bead_pyotf_wl520nm_z300nm_x130nm_na0.85_air.tif"
NUCLEI = "celegans_embryo_wf_DAPI.tif"
BEAD_SAMPLING_UM = (0.130, 0.3)
"""Pixel and z step; the pixel by the file's name, as a tag of it says something else."""
NUCLEI_SAMPLING_UM = (0.0645, 0.2)
"""Sources say 0.16 or 0.20 µm for the z step."""
DEFOCUS_UM = (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0)
SHOWN = (0.4,)
"""Refocus distance of the picture, as a share of the reach."""
CLAIMS = ("recordings.bead", "recordings.nuclei")


@dataclass(frozen=True, slots=True)
class Effort:
    inputs: int = 5


def measure(lab: Lab, effort: Effort) -> Outcome:
    """A row and a section for each recording that is there."""
    bead, nuclei = lab.recordings / BEAD, lab.recordings / NUCLEI
    found = [
        _bead(lab, bead) if bead.is_file() else _missing(CLAIMS[0], bead),
        _nuclei(lab, nuclei, effort.inputs) if nuclei.is_file() else _missing(CLAIMS[1], nuclei),
    ]
    return Outcome(
        tuple(row for one in found for row in one.rows),
        tuple(section for one in found for section in one.sections),
        keep=all(one.keep for one in found),
    )


def _missing(claim: str, path: Path) -> Outcome:
    why = f"Skipped: {path.name} is not in the folder of recordings."
    return Outcome((not_run(claim, why),), keep=False)


def resampled(stack: Stack, facts: BundleFacts) -> Stack:
    """A recording as a bundle's microscope would sample and count it.

    Pixels are averaged over the area of the bundle's, planes interpolated to its z step, and
    counts shifted and scaled so that its normalisation finds what the recording's own (fitted on
    its EDF, as the paper does) would find. The optics stay what they were.
    """
    height, width = (
        int(side * stack.pixel_size_um / facts.pixel_size_um + 1e-6)
        for side in stack.voxels.shape[1:]
    )
    ratio = facts.pixel_size_um / stack.pixel_size_um
    rows, columns = round(height * ratio), round(width * ratio)
    planes = np.stack(
        [
            resize_local_mean(plane[:rows, :columns].astype(np.float64), (height, width))
            for plane in stack.voxels
        ]
    )
    step = float(np.diff(facts.z_planes_um)[0])
    here = np.arange(len(planes)) * stack.z_step_um
    there = np.arange(0.0, here[-1] + 1e-6, step)
    voxels: NDArray[Any] = interp1d(here, planes, axis=0)(there)
    own = Normalization.fit(extended_depth_of_field(voxels.astype(np.float32)))
    counts = facts.normalization.inverse(own.forward(voxels.astype(np.float32)))
    return Stack(
        voxels=np.clip(np.rint(counts), 0, 65535).astype(np.uint16),
        pixel_size_um=facts.pixel_size_um,
        z_step_um=step,
        channel=facts.channel,
        exposure_ms=facts.exposure_ms,
        z_um=there - there[len(there) // 2],
        source=stack.source,
    )


def _bead(lab: Lab, path: Path) -> Outcome:
    lab.note(f"Real recording {path.name}")
    engine = lab.engine(BEADS)
    facts = engine.bundle.facts
    stack = resampled(read_stack(path, *BEAD_SAMPLING_UM), facts)
    focus = int(stack.voxels.max(axis=(1, 2)).argmax())
    scan = stack.voxels[focus].astype(np.float32)
    centre = np.array([np.unravel_index(int(scan.argmax()), scan.shape)], np.float64)
    depths = np.asarray(facts.z_planes_um)

    def width(image: NDArray[Any]) -> float:
        fits = lateral_fwhm(image.astype(np.float32), centre, facts.pixel_size_um)
        return fits[0].fwhm_um if fits else np.nan

    rows, truth = [], width(scan)
    for defocus in DEFOCUS_UM:
        source = focus + round(defocus / stack.z_step_um)
        if 0 <= source < len(stack.voxels):
            frame = stack.voxels[source]
            made = engine.volume(frame)[int(np.argmin(np.abs(depths + defocus)))]
            rows.append((defocus, width(made), width(frame)))
    ours, seen = (float(np.nanmedian([row[n] for row in rows])) for n in (1, 2))
    failed = sum(bool(np.isnan(row[1])) for row in rows)
    same = close_to(ours, truth) and not failed
    row = Row(
        "recordings.bead",
        f"{seen:.2f} → {ours:.2f} µm, scan {truth:.2f} µm",
        "as in the paper" if same else "worse",
        f"median lateral FWHM of frames {abs(DEFOCUS_UM[2]):g} to {abs(DEFOCUS_UM[0]):g} µm out of "
        f"focus, brought back; {failed} fits failed",
        f"{path.name} (NA 0.85 in air, 520 nm), averaged to {facts.pixel_size_um:g} µm pixels; "
        f"{BEADS}",
        "The model knows neither this objective nor this wavelength."
        + ("" if same else f" Ours differs from the scan by {100 * (ours / truth - 1):+.0f} %."),
    )
    cells = [[f"{d:+g}", f"{made:.2f}", f"{raw:.2f}", f"{truth:.2f}"] for d, made, raw in rows]
    head = ("frame above focus (µm)", "refocused", "input", "scan")
    section = Section(
        "real_bead",
        "A real bead under another objective",
        f"{path.name}: a scan of one bead, resampled and rescaled to what {BEADS} expects; frames "
        "beside the focus were brought back to it.",
        tables=[Table(head, cells, "Lateral FWHM, µm; nan: the fit failed.")],
    )
    return Outcome((row,), (section,))


def _nuclei(lab: Lab, path: Path, inputs: int) -> Outcome:
    lab.note(f"Real recording {path.name}")
    engine = lab.engine(WORM)
    stack = resampled(read_stack(path, *NUCLEI_SAMPLING_UM), engine.bundle.facts)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "embryo" / "nuclei.ome.tif"
        file.parent.mkdir()
        write_stack(file, stack)
        measured = quality.measure(
            engine.bundle, [(file, None)], report=lab.note, engine=engine,
            effort=quality.Effort(inputs=inputs),
        )  # fmt: skip
        shown = pictures(Context(engine, [file], None, lab.note), SHOWN)
    rows = [r for r in measured["per_distance"] if abs(r["dz_um"]) >= NEAREST_UM - 1e-6]
    means = {
        score: (float(np.mean([r[score] for r in rows])),
                float(np.mean([r["baseline"][score] for r in rows])))
        for score in ("corr", "ssim", "rmse")
    }  # fmt: skip
    behind = [f"{r['dz_um']:+g}" for r in rows if r["corr"] <= r["baseline"]["corr"]]
    row = Row(
        "recordings.nuclei",
        "correlation {:.3f}, input {:.3f}; SSIM {:.3f}, input {:.3f}".format(
            *means["corr"], *means["ssim"]
        ),
        "worse" if behind else "as in the paper",
        f"mean over refocus distances from {NEAREST_UM:g} µm on; as in the paper: correlates "
        "better with the scan than the input does at each of them",
        f"{path.name} (100×/1.4 oil, DAPI), averaged to 0.325 µm pixels; {WORM}, which never saw "
        "an embryo",
        (f"Not ahead of the input at {len(behind)} of {len(rows)} distances: "
         f"{', '.join(behind)} µm. " if behind else "")
        + "The paper recommends training for the sample, and so do we.",
    )  # fmt: skip
    cells = [
        [f"{r['dz_um']:+g}", str(r["n"]), f"{r['corr']:.3f}", f"{r['baseline']['corr']:.3f}",
         f"{r['ssim']:.3f}", f"{r['baseline']['ssim']:.3f}", f"{r['rmse']:.4f}",
         f"{r['baseline']['rmse']:.4f}"] for r in rows
    ]  # fmt: skip
    head = ("dz (µm)", "n", "corr", "input", "ssim", "input", "rmse", "input")
    section = Section(
        "real_nuclei",
        "Nuclei of a real embryo, by a model that was not trained for it",
        f"{path.name}, resampled and rescaled to what {WORM} expects, every pair of planes.",
        tables=[Table(head, cells)],
        facts={"per_distance": rows},
    )
    pictured = Section(
        "real_pictures", "What the embryo looks like", shown.method, pictures=shown.pictures[:1]
    )
    return Outcome((row,), (section, pictured))


STEP = Step(
    "recordings", ("recordings",), (BEADS, WORM), Effort(11), Effort(5), measure, CLAIMS
)  # fmt: skip
