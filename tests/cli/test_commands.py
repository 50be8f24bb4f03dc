"""The commands on the built-in microscope, small, without a window."""

from __future__ import annotations

import pytest

SMALL = [
    *("--set", "camera.width_px=64"),
    *("--set", "camera.height_px=64"),
    *("--set", "camera.frame_rate_hz=40"),
]
# So small a field would often be empty, with nothing to focus on.
BEADS = ["--set", "specimen.beads_per_100um2=2"]
KEYS = {
    "frames_captured",
    "frames_refocused",
    "frames_recorded",
    "frames_lost",
    "frames_skipped_for_view",
    "planes",
    "camera_fps",
    "refocus_fps",
    "latency_ms_p50",
    "latency_ms_p95",
    "drift_rmse_um",
    "provider",
    "session",
}


@pytest.fixture
def recorded(run, bundle, tmp_path):
    """One second of the built-in microscope, live: the outcome and the session's folder."""
    session = tmp_path / "session"
    words = ["--model", bundle, "--record", session, "--seconds", "1", "--headless", "--json"]
    return run("live", *SMALL, *words), session


def test_live_records_every_frame_and_says_so(recorded):
    done, session = recorded
    assert done.code == 0, done.err
    assert set(done.facts) >= KEYS
    assert done.facts["frames_captured"] > 5
    assert done.facts["frames_recorded"] == done.facts["frames_captured"]
    assert done.facts["frames_lost"] == 0
    assert done.facts["planes"] >= 5
    assert done.facts["session"] == str(session)
    assert done.facts["provider"] == "CPU"


def test_a_replay_as_fast_as_it_goes_refocuses_every_frame_the_same(run, bundle, recorded):
    live, session = recorded
    done = run("replay", session, "--model", bundle, "--speed", "max", "--headless", "--json")
    assert done.code == 0, done.err
    assert set(done.facts) >= KEYS
    assert done.facts["frames_refocused"] == live.facts["frames_recorded"]
    assert done.facts["frames_skipped_for_view"] == 0
    assert done.facts["planes_compared"] > 0
    assert done.facts["planes_identical"] == done.facts["planes_compared"]


def test_without_json_the_summary_is_for_people_and_stdout_stays_empty(run, bundle):
    done = run("live", *SMALL, "--model", bundle, "--seconds", "0.3", "--headless")
    assert done.code == 0
    assert done.out == ""
    assert "frames captured" in done.err


def test_calibrate_leaves_one_stack_a_field(run, tmp_path):
    from deepz_live.session.stack import read_stack

    plan = [*BEADS, "--set", "calibration.range_um=4", "--set", "calibration.step_um=1"]
    out = tmp_path / "stacks"
    done = run("calibrate", *SMALL, *plan, "--fields", "2", "--out", out)
    assert done.code == 0, done.err
    stacks = [read_stack(path) for path in sorted(out.glob("*.ome.tif"))]
    assert [stack.voxels.shape for stack in stacks] == [(5, 64, 64)] * 2
    assert {stack.pixel_size_um for stack in stacks} == {0.325}
    assert {stack.z_step_um for stack in stacks} == {1.0}


def test_refocus_writes_the_planes_asked_for(run, bundle, tmp_path):
    import numpy as np
    import tifffile

    image = tmp_path / "image.tif"
    pixels = np.random.default_rng(0).integers(100, 900, (40, 48), dtype=np.uint16)
    tifffile.imwrite(image, pixels)
    out = tmp_path / "planes.ome.tif"
    done = run("refocus", image, "--model", bundle, "--z", "-2:2:1", "--out", out)
    assert done.code == 0, done.err
    written = tifffile.imread(out)
    assert written.shape == (5, 40, 48)
    np.testing.assert_allclose(written[0], pixels, atol=1)


def test_evaluate_prints_quality_by_distance(run, bundle, tmp_path):
    plan = [*BEADS, "--set", "calibration.range_um=16", "--set", "calibration.step_um=2"]
    stacks = tmp_path / "stacks"
    assert run("calibrate", *SMALL, *plan, "--fields", "1", "--out", stacks).code == 0
    done = run("evaluate", bundle, stacks, "--json")
    assert done.code == 0, done.err
    keys = {"per_distance", "pixel_size_um", "z_range_um", "network", "seconds_per_plane"}
    assert set(done.facts) >= keys
    row = done.facts["per_distance"][0]
    assert set(row) >= {"dz_um", "n", "mae", "rmse", "corr", "corr_detail", "ssim", "baseline"}
    # This network returns its input, so it is exactly as good as not refocusing.
    assert row["rmse"] == pytest.approx(row["baseline"]["rmse"], rel=1e-3)


def test_doctor_prints_what_was_found(run):
    done = run("doctor", "--json")
    assert done.code == 0
    names = {finding["name"] for finding in done.facts["findings"]}
    assert {"Micro-Manager", "execution provider", "shipped model", "window", "disk"} <= names


def test_doctor_for_people_says_what_to_do(run):
    done = run("doctor")
    assert "Micro-Manager" in done.out
    assert "→" in done.out


def test_the_demo_without_a_display_records_and_draws_the_window(
    run, bundle, tmp_path, monkeypatch
):
    from PyQt6.QtGui import QImage

    from deepz_live.cli import windowed
    from deepz_live.model.bundle import load_bundle

    monkeypatch.setattr(windowed, "open_bundle", lambda _: load_bundle(bundle))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    out = tmp_path / "demo"
    done = run("demo", "--seconds", "1.5", "--out", out, "--json")
    assert done.code == 0, done.err
    assert "No display" in done.err
    assert set(done.facts) >= KEYS
    assert done.facts["frames_recorded"] == done.facts["frames_captured"] > 0
    assert done.facts["planes"] >= 4
    assert done.facts["session"] == str(out / "session")
    assert set(done.facts["drift_rmse_um"]) == {"axial", "lateral"}
    picture = QImage(str(out / "window.png"))
    assert picture.width() >= 1000
