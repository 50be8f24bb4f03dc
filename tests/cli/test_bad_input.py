"""Unusable input: one sentence with value and cure, exit code 2, nothing half-written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

STACK = np.zeros((5, 16, 16), np.uint16)


def on_stack(path: object) -> list[object]:
    return ["--profile", "stack", "--set", f"specimen.path={path}"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a command would write; it must not exist afterwards."""
    return tmp_path / "results" / "out"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, np.full((32, 32), 200, np.uint16))
    return path


def nothing_written(out: Path) -> bool:
    return not out.exists() and not list(out.parent.parent.rglob("*.part"))


def test_a_missing_image(run, bundle, out):
    done = run("refocus", "nowhere.tif", "--model", bundle, "--z", "-2:2:1", "--out", out)
    assert "nowhere.tif" in done.sentence
    assert nothing_written(out)


def test_a_missing_stack_as_specimen(run, out):
    done = run("calibrate", *on_stack("nowhere.tif"), "--out", out)
    assert "nowhere.tif" in done.sentence
    assert nothing_written(out)


def test_a_missing_folder_of_stacks(run, out):
    done = run("train", "nowhere", "--out", out)
    assert "nowhere" in done.sentence
    assert nothing_written(out)


def test_a_missing_profile_names_the_shipped_ones(run, out):
    done = run("calibrate", "--profile", "nowhere.yaml", "--out", out)
    assert "nowhere.yaml" in done.sentence
    assert "simulated" in done.sentence
    assert nothing_written(out)


def test_a_missing_bundle(run, image, out):
    done = run("refocus", image, "--model", "nowhere", "--z", "0", "--out", out)
    assert "nowhere" in done.sentence
    assert nothing_written(out)


def test_a_missing_session(run, bundle):
    done = run("replay", "nowhere", "--model", bundle, "--headless")
    assert "nowhere" in done.sentence


def test_a_file_that_is_not_a_tiff(run, bundle, tmp_path, out):
    notes = tmp_path / "notes.tif"
    notes.write_text("not an image")
    done = run("refocus", notes, "--model", bundle, "--z", "-2:2:1", "--out", out)
    assert "notes.tif" in done.sentence
    assert "TIFF" in done.sentence
    assert nothing_written(out)


def test_a_specimen_that_is_not_a_tiff(run, tmp_path, out):
    notes = tmp_path / "notes.tif"
    notes.write_text("not an image")
    done = run("calibrate", *on_stack(notes), "--out", out)
    assert "notes.tif" in done.sentence
    assert nothing_written(out)


def test_one_plane_where_a_stack_is_needed(run, image, out):
    done = run("calibrate", *on_stack(image), "--out", out)
    assert "image.tif" in done.sentence
    assert nothing_written(out)


def test_one_plane_to_train_on(run, image, out, capfd):
    done = run("train", image, "--minutes", "0.02", "--out", out)
    assert done.code == 2
    assert "image.tif" in done.err.splitlines()[-1]
    assert nothing_written(out)


def test_a_stack_without_pixel_size(run, tmp_path, out):
    path = tmp_path / "bare.tif"
    tifffile.imwrite(path, STACK)
    done = run("calibrate", *on_stack(path), "--out", out)
    assert "pixel" in done.sentence
    assert "pixel_size_um" in done.sentence
    assert nothing_written(out)


def test_a_profile_with_a_misspelt_key(run, tmp_path, out):
    profile = tmp_path / "scope.yaml"
    profile.write_text("name: mine\nstage:\n  z_mim_um: -5\n")
    done = run("calibrate", "--profile", profile, "--out", out)
    assert "z_mim_um" in done.sentence
    assert "z_min_um" in done.sentence
    assert nothing_written(out)


def test_a_misspelt_key_on_the_command_line(run, out):
    done = run("calibrate", "--profile", "simulated", "--set", "specimen.sed=3", "--out", out)
    assert "specimen.sed" in done.sentence
    assert nothing_written(out)


@pytest.mark.parametrize("name", ["model.onnx", "rdf.yaml", "weights.safetensors"])
def test_a_bundle_with_a_changed_byte(run, bundle, image, out, name):
    file = bundle / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    done = run("refocus", image, "--model", bundle, "--z", "0", "--out", out)
    assert name in done.sentence
    assert nothing_written(out)


def test_z_outside_the_range_of_the_bundle_names_both(run, bundle, image, out):
    done = run("refocus", image, "--model", bundle, "--z", "-12:12:2", "--out", out)
    assert "12" in done.sentence
    assert "4" in done.sentence
    assert nothing_written(out)


def test_a_surface_outside_the_range_of_the_bundle(run, bundle, image, out):
    done = run("refocus", image, "--model", bundle, "--surface", "uniform:30", "--out", out)
    assert "30" in done.sentence
    assert nothing_written(out)


def test_neither_planes_nor_surface(run, bundle, image, out):
    done = run("refocus", image, "--model", bundle, "--out", out)
    assert "surface" in done.sentence
    assert nothing_written(out)


def test_stage_limits_smaller_than_the_plan_are_refused_before_any_move(run, out, monkeypatch):
    from deepz_live.acquire.microscope import Microscope

    moves = []
    monkeypatch.setattr(Microscope, "move_z", lambda _, z_um: moves.append(z_um))
    limits = ["--set", "stage.z_min_um=-8", "--set", "stage.z_max_um=8"]
    small = ["--set", "camera.width_px=64", "--set", "camera.height_px=64"]
    done = run("calibrate", *limits, *small, "--out", out)
    assert "20" in done.sentence
    assert "8" in done.sentence
    assert set(moves) <= {0.0}, "only the return to where it stands"
    assert nothing_written(out)


def test_a_recording_never_goes_into_a_folder_with_something_in_it(run, bundle, tmp_path):
    used = tmp_path / "used"
    used.mkdir()
    (used / "thesis.txt").write_text("two years of work")
    done = run("live", "--model", bundle, "--headless", "--seconds", "1", "--record", used)
    assert "used" in done.sentence
    assert [path.name for path in used.iterdir()] == ["thesis.txt"]


def test_a_region_that_cannot_be_read(run, bundle):
    assert "y0:y1,x0:x1" in run("evaluate", bundle, "stacks", "--region", "left").sentence


def test_an_unknown_network(run, tmp_path, out):
    done = run("train", tmp_path, "--model", "magic", "--out", out)
    assert "planes or generator" in done.sentence
    assert nothing_written(out)


def test_a_refusal_prints_no_json(run):
    assert run("evaluate", "nowhere", "nowhere", "--json").sentence
