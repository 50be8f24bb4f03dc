"""Steps on tiny fields: real models on the built-in microscope, and recordings from elsewhere."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from deepz_live.analysis.beads import lateral_fwhm
from deepz_live.app.report.scenes import SEED as REPORT_SEED
from deepz_live.app.reproduce import inference, outside, recordings, scenes, stream, surfaces, waves
from deepz_live.app.reproduce.lab import BEADS, Lab, open_lab
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import open_engine
from deepz_live.session.stack import Stack, read_stack


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    opener = partial(open_engine, provider="CPU")
    with open_lab(folder / "steps", folder / "no-recordings", opener=opener) as opened:
        yield opened


def test_scenes_are_seeded_from_the_first_that_nothing_has_seen(lab: Lab):
    sample = {"kind": "beads-flat"}
    with scenes.scanned(lab, BEADS, [sample] * 2, 64, 7) as context:
        stacks = [read_stack(path) for path in context.stacks]
    assert len(stacks[0].voxels) == 81
    np.testing.assert_allclose(stacks[0].z_um[[0, -1]], (-20, 20))
    assert not np.array_equal(stacks[0].voxels, stacks[1].voxels)
    assert scenes.SEED + REPORT_SEED == scenes.FIRST_SEED == 41_000


def test_a_second_modality_is_scanned_with_noise_of_its_own(lab: Lab):
    samples, confocal = [scenes.FILAMENTS], {"mode": "confocal"}
    with scenes.scanned(lab, BEADS, samples, 64, 8, target_optics=confocal) as context:
        (path,) = context.stacks
        wide, twin = (read_stack(p).voxels for p in (path, context.targets[path]))
    assert wide.shape == twin.shape
    dark = np.median(wide), np.median(twin)
    assert dark[1] < dark[0]  # a pinhole keeps haze out
    rest = [np.diff(stack[:2].astype(float), axis=0) for stack in (wide, twin)]
    assert abs(np.corrcoef(rest[0].ravel(), rest[1].ravel())[0, 1]) < 0.1


def test_beyond_the_range_the_model_fails_and_that_is_what_the_paper_says(lab: Lab):
    outcome = outside.measure(lab, outside.Effort(1, 128))
    (row,) = outcome.rows
    assert row.verdict == "as in the paper"
    assert "beyond" in row.ours


@pytest.mark.slow
def test_surfaces_come_with_the_papers_numbers_and_the_width_in_focus(lab: Lab):
    outcome = surfaces.measure(lab, surfaces.Effort(1))
    assert [row.claim for row in outcome.rows] == ["surfaces.tilt", "surfaces.cylinder"]
    assert all("in focus are" in row.remark for row in outcome.rows)
    widths = outcome.sections[0].facts["beads-tilted"]["median_fwhm_um"]
    assert widths["refocused"] < widths["baseline"]


def test_waves_are_told_by_their_shortest_good_period(lab: Lab):
    outcome = waves.measure(lab, waves.Effort(1, 128))
    assert outcome.rows[0].ours.startswith("period ≥ ")
    assert outcome.sections[0].pictures


def test_times_are_of_this_machine_and_beside_the_papers(lab: Lab):
    outcome = inference.measure(lab, inference.Effort(1, (64,)))
    assert outcome.rows == ()  # the paper timed 512² and 1536² alone
    assert outcome.sections[0].tables[0].rows[0][0] == "64²"
    row = inference._row(512, 4.1, lab.engine(BEADS), 1)
    assert row is not None
    assert row.verdict == "better"  # 0.1 s a plane of a stack
    assert "longer than the paper's" in row.remark


def test_a_stream_is_recorded_whole_and_refocused(lab: Lab):
    outcome = stream.measure(lab, stream.Effort(0.2, 64, 2))
    assert "20 of 20 frames recorded, 0 lost" in outcome.rows[0].ours
    assert outcome.sections[0].facts["frames_refocused"] >= 1


@pytest.mark.parametrize("rate", [99.0, 60.0])
def test_a_stream_that_falls_behind_is_worse(rate: float):
    facts = {"camera_fps": rate, "refocus_fps": 2.0, "frames_recorded": 10, "frames_captured": 10,
             "frames_lost": 0, "planes": 41, "offline_s_a_stack": 0.5}  # fmt: skip
    row = stream._row(facts, stream.Effort(1.0, 64, 2), "CPU")
    assert row.verdict == ("worse" if rate < 97 else "as in the paper")
    assert ("Worse: of 100 frames" in row.remark) == (rate < 97)


def test_recordings_that_are_not_there_are_skipped_and_asked_for_again(lab: Lab):
    outcome = recordings.measure(lab, recordings.Effort())
    assert [row.verdict for row in outcome.rows] == ["not run"] * 2
    assert recordings.BEAD in outcome.rows[0].remark
    assert not outcome.keep


def blob(pixel_um: float, z_step_um: float, sigma_um: float) -> Stack:
    """A Gaussian point in a finer sampling and other counts."""
    planes, side = 21, 160
    z = (np.arange(planes) - planes // 2) * z_step_um
    y = (np.arange(side) - (side - 1) / 2) * pixel_um
    rr = y[:, None] ** 2 + y[None] ** 2
    light = np.exp(-rr / 2 / sigma_um**2)[None] * np.exp(-(z**2) / 2)[:, None, None]
    noise = np.random.default_rng(0).normal(0, 0.3, light.shape)
    return Stack((7 + 90 * light + noise).clip(0).astype(np.float32), pixel_um, z_step_um, "c",
                 1.0, z, "made")  # fmt: skip


def test_a_recording_is_brought_to_the_models_sampling_and_counts():
    facts = load_bundle(Path(BEADS)).facts
    made = recordings.resampled(blob(0.13, 0.3, 0.8), facts)
    assert (made.pixel_size_um, made.z_step_um) == (facts.pixel_size_um, 0.5)
    assert made.voxels.shape == (13, 64, 64)
    focus = made.voxels[int(made.voxels.max(axis=(1, 2)).argmax())].astype(np.float32)
    centre = np.array([np.unravel_index(int(focus.argmax()), focus.shape)], np.float64)
    # 0.8 µm wide, and a pixel of 0.325 µm.
    wanted = 2.3548 * np.hypot(0.8, facts.pixel_size_um / np.sqrt(12))
    assert lateral_fwhm(focus, centre, 0.325)[0].fwhm_um == pytest.approx(wanted, rel=0.03)
    background = facts.normalization.background_counts
    assert np.median(made.voxels) == pytest.approx(background, rel=0.1)
    assert focus.max() > background + 0.5 * facts.normalization.scale_counts


def test_what_is_not_there_leaves_the_others_alone(
    lab: Lab, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / recordings.BEAD).write_bytes((data_dir / recordings.BEAD).read_bytes())
    monkeypatch.setattr(lab, "recordings", tmp_path)
    outcome = recordings.measure(lab, recordings.Effort())
    bead, nuclei = outcome.rows
    assert nuclei.verdict == "not run"
    assert "scan" in bead.ours
    assert bead.verdict in ("as in the paper", "worse")
    assert not outcome.keep
