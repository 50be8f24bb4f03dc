"""Beads, surfaces and light dose of files and recordings, where the answer is known."""

from __future__ import annotations

import csv
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from deepz_live.analysis.beads import FWHM_PER_SIGMA
from deepz_live.app.analyze.beads import analyze_beads
from deepz_live.app.analyze.dose import analyze_dose
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.analyze.rehearsal import record
from deepz_live.app.analyze.surface import analyze_surface
from deepz_live.config import Profile
from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.engine import RefocusError, open_engine
from deepz_live.session.stack import Stack, read_image, write_stack
from deepz_live.stream.frame import Frame, StreamInfo

SIGMA_PX, SIGMA_Z = 2.0, 3.0


@pytest.fixture(scope="module")
def engine():
    with closing(open_engine(shipped_bundle(), provider="CPU")) as running:
        yield running


def profile(kind: str, width: int, height: int, **stage: object) -> Profile:
    data = Profile(name="beads").model_dump()
    data["specimen"] |= {"kind": kind, "seed": 5, "beads_per_100um2": 0.4}
    data["camera"] |= {"width_px": width, "height_px": height}
    data["stage"] |= stage
    return Profile.model_validate(data)


@pytest.fixture
def gaussians(tmp_path: Path) -> Path:
    """Four beads of known widths in a stack of 0.2 µm pixels and 0.5 µm steps."""
    z, y, x = np.indices((31, 120, 120), dtype=np.float64)
    voxels = np.full(z.shape, 100.0)
    for bead in ((12, 30, 30), (15, 30, 85), (18, 85, 30), (15, 85, 85)):
        across = ((y - bead[1]) ** 2 + (x - bead[2]) ** 2) / SIGMA_PX**2
        voxels += 8000 * np.exp(-(across + ((z - bead[0]) / SIGMA_Z) ** 2) / 2)
    path = tmp_path / "gaussians.ome.tif"
    z_um = (np.arange(31) - 15) * 0.5
    stack = Stack(voxels.astype(np.uint16), 0.2, 0.5, "TexasRed", 20.0, z_um, "made")
    write_stack(path, stack)
    return path


def test_beads_of_a_stack_have_the_widths_they_were_made_with(gaussians: Path, tmp_path: Path):
    facts = analyze_beads([gaussians], out=tmp_path / "out")
    assert facts["beads"] == 4
    assert facts["median_lateral_fwhm_um"] == pytest.approx(
        FWHM_PER_SIGMA * SIGMA_PX * 0.2, rel=0.01
    )
    assert facts["median_axial_fwhm_um"] == pytest.approx(FWHM_PER_SIGMA * SIGMA_Z * 0.5, rel=0.02)
    assert facts["files"][0]["inferred"] is False
    with (tmp_path / "out" / "beads.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(float(row["z_um"]) for row in rows) == [6.0, 7.5, 7.5, 9.0]
    assert (tmp_path / "out" / "beads.png").read_bytes().startswith(b"\x89PNG")


def test_sampling_that_is_given_overrides_the_files(gaussians: Path, tmp_path: Path):
    facts = analyze_beads([gaussians], out=tmp_path / "out", pixel_size_um=0.4)
    assert facts["median_lateral_fwhm_um"] == pytest.approx(
        FWHM_PER_SIGMA * SIGMA_PX * 0.4, rel=0.01
    )


def test_no_bead_is_said_and_a_recording_needs_a_model(tmp_path: Path):
    stack = Stack(np.full((5, 64, 64), 100, np.uint16), 0.3, 0.5, "A", 20.0, np.arange(5.0), "made")
    write_stack(tmp_path / "flat.ome.tif", stack)
    with pytest.raises(AnalysisError, match="No isolated bead"):
        analyze_beads([tmp_path / "flat.ome.tif"], out=tmp_path / "out")
    record(
        profile("beads-flat", 64, 64),
        tmp_path / "s",
        channels=("TexasRed",),
        rounds_hz=2,
        seconds=0.5,
    )
    with pytest.raises(AnalysisError, match="--model"):
        analyze_beads([tmp_path / "s"], out=tmp_path / "out")


@pytest.mark.slow
def test_a_virtual_stack_of_a_recording_has_beads_in_it(engine, tmp_path: Path):
    record(profile("beads-flat", 192, 192, z_start_um=-3.0), tmp_path / "s", channels=("TexasRed",),
           rounds_hz=2, seconds=1.0)  # fmt: skip
    facts = analyze_beads([tmp_path / "s"], out=tmp_path / "out", engine=engine, frame=1)
    assert facts["files"][0] == facts["files"][0] | {"file": "s, frame 1", "inferred": True}
    assert facts["beads"] >= 4
    assert 0.4 < facts["median_lateral_fwhm_um"] < 1.6


@pytest.mark.slow
def test_beads_on_a_tilted_slide_come_into_focus_along_it(engine, tmp_path: Path):
    tilted = profile("beads-tilted", 640, 160)
    record(tilted, tmp_path / "s", channels=("TexasRed",), rounds_hz=2, seconds=0.5)
    facts = analyze_surface(tmp_path / "s", engine, out=tmp_path / "out", surface="tilt:1.5,0")
    flat = analyze_surface(tmp_path / "s", engine, out=tmp_path / "flat", surface="uniform:0")
    assert facts["beads"] >= 8
    assert facts["median_refocused_fwhm_um"] < 0.75 * facts["median_input_fwhm_um"]
    # Along the focal plane only the beads near it stand out.
    assert facts["beads"] > 2 * flat["beads"]
    pixels, size_um = read_image(tmp_path / "out" / "refocused.ome.tif")
    assert (pixels.shape, size_um) == ((160, 640), pytest.approx(0.325))
    assert (tmp_path / "out" / "surface.png").read_bytes().startswith(b"\x89PNG")


def test_surfaces_that_do_not_fit_the_input_are_refused(engine, gaussians: Path, tmp_path: Path):
    session = tmp_path / "s"
    record(profile("beads-flat", 64, 64), session, channels=("TexasRed",), rounds_hz=2, seconds=0.5)
    with pytest.raises(RefocusError, match="outside the range"):
        analyze_surface(session, engine, out=tmp_path / "o", surface="uniform:30")
    with pytest.raises(AnalysisError, match="is a stack"):
        analyze_surface(gaussians, engine, out=tmp_path / "o", surface="uniform:3")
    with pytest.raises(AnalysisError, match="no mechanical stack"):
        analyze_surface(session, engine, out=tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_dose_of_a_recording_is_counted_and_bleaching_read_from_it(tmp_path: Path):
    data = profile("beads-flat", 96, 96).model_dump()
    data["specimen"] |= {"bleach_s": 2.0, "beads_per_100um2": 2.0}
    record(
        Profile.model_validate(data),
        tmp_path / "s",
        channels=("TexasRed",),
        rounds_hz=10,
        seconds=4.0,
    )
    bundle = shipped_bundle()
    planes = len(bundle.facts.z_planes_um)
    facts = analyze_dose(
        tmp_path / "s", bundle, out=tmp_path / "out", irradiance_mw_cm2=100.0, move_ms=5.0
    )
    (row,) = facts["channels"]
    assert row["virtual"]["exposures"] == 40
    assert row["scan"]["exposures"] == 40 * planes
    assert row["virtual"]["volumes_per_s"] == pytest.approx(10, rel=0.01)
    assert row["virtual"]["energy_j_cm2"] == pytest.approx(0.1 * 40 * 0.02)
    assert row["scan_keeps_up"] is False
    # exp(-1/2) of the light is left after one second under it.
    assert row["light_lost_per_s_of_exposure"] == pytest.approx(1 - np.exp(-0.5), abs=0.05)
    with (tmp_path / "out" / "dose.csv").open(encoding="utf-8", newline="") as file:
        ways = {line["way"]: line for line in csv.DictReader(file)}
    assert float(ways["scan"]["per_plane_s"]) == pytest.approx(0.02)
    with pytest.raises(AnalysisError, match="make no dose"):
        analyze_dose(tmp_path / "s", bundle, out=tmp_path / "out", irradiance_mw_cm2=-1.0)


def test_without_an_exposure_there_is_no_dose(tmp_path: Path):
    info = StreamInfo((64, 64), "uint16", 0.325, 5.0, "TexasRed", 0.0, "made")
    with offline_recording(tmp_path / "s", info, settings={}) as recording:
        for index in range(4):
            pixels = np.full((64, 64), 100, np.uint16)
            recording.add(Frame(pixels, index, index / 5, 0.0, 0.0, "TexasRed"))
    with pytest.raises(AnalysisError, match=r"channel TexasRed were exposed \(0 ms\)"):
        analyze_dose(tmp_path / "s", shipped_bundle(), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
