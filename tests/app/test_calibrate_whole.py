"""The default calibration in two channels: its planes, its time, its metadata; and a kill."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import ome_types
import pytest
import tifffile
import useq

from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.acquire.plan import calibration_plan, save_plan
from deepz_live.acquire.request import default_request, with_roles
from deepz_live.app.calibrate import CalibrationProgress, CalibrationRun, read_record
from deepz_live.config import Profile, load_profile
from deepz_live.session.stack import read_stack
from tests.acquire.conftest import CONFIGS

PROGRAM = "from deepz_live.cli import app; app()"
CHANNELS = ({"name": "TexasRed"}, {"name": "FITC", "exposure_ms": 35.0})


class Time:
    """A clock that only waiting moves on; what passes while the shutter is open is light."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def profile_with(**sections: Any) -> Profile:
    base: dict[str, Any] = {
        "name": "test",
        "channels": CHANNELS,
        "specimen": {"kind": "beads-flat", "beads_per_100um2": 2.0},
        "camera": {"width_px": 48, "height_px": 48},
    }
    return Profile.model_validate(base | sections)


def test_the_default_calibration_of_3_fields_and_2_channels(tmp_path: Path) -> None:
    time = Time()
    with open_microscope(profile_with(), clock=time, sleep=time.sleep) as microscope:
        camera, stage = microscope.built_in.camera, microscope.built_in.view.z
        render, move = camera.render, stage.set_position_um
        truth: list[tuple[float, str]] = []
        spent = {"light": 0.0, "travel": 0.0}

        def numbered(*scene: Any) -> Any:
            """The real picture, with the number of the exposure in its first two pixels."""
            pixels = render(*scene)
            pixels[0, :2] = divmod(len(truth), 1000)
            truth.append((stage.height_um(), microscope.built_in.view.wheel.channel))
            spent["light"] += camera.get_exposure() / 1000
            return pixels

        def travel(val: float) -> None:
            began = time()
            move(val)
            spent["travel"] += time() - began

        camera.render, stage.set_position_um = numbered, travel
        run = CalibrationRun(microscope, tmp_path)
        files = run.run()
    assert len(files) == 6
    numbers: list[int] = []
    for file in files:
        stack = read_stack(file)
        assert stack.voxels.shape == (81, 48, 48)
        own = [int(plane[0, 0]) * 1000 + int(plane[0, 1]) for plane in stack.voxels]
        assert own == list(range(own[0], own[0] + 81))
        np.testing.assert_allclose(stack.z_um, [truth[n][0] for n in own], atol=1e-6)
        assert {truth[n][1] for n in own} == {stack.channel}
        assert stack.channel in file.name
        assert stack.exposure_ms == (35.0 if stack.channel == "FITC" else 20.0)
        numbers += own
    assert len(set(numbers)) == 6 * 81
    assert time() <= 1.15 * (spent["light"] + spent["travel"])


def test_two_channels_of_a_field_show_the_same_place_at_the_same_heights(tmp_path: Path) -> None:
    short = {"range_um": 4.0, "autofocus_range_um": 8.0, "fields": 1}
    time = Time()
    with open_microscope(
        profile_with(calibration=short), clock=time, sleep=time.sleep
    ) as microscope:
        red, green = (read_stack(file) for file in CalibrationRun(microscope, tmp_path).run())
    np.testing.assert_array_equal(red.z_um, green.z_um)
    alike = np.corrcoef(red.voxels[4].ravel(), green.voxels[4].ravel())[0, 1]
    assert alike > 0.95


def test_the_file_says_optics_places_times_and_versions_to_other_programs(tmp_path: Path) -> None:
    short = {"range_um": 2.0, "step_um": 0.5, "autofocus": False, "fields": 1}
    profile = profile_with(calibration=short)
    with open_microscope(profile) as microscope:
        microscope.move_xy(12.0, -7.5)
        files = CalibrationRun(microscope, tmp_path).run()
        pixel_um = microscope.pixel_size_um
    with tifffile.TiffFile(files[0]) as tiff:
        assert tiff.is_ome
        assert tiff.series[0].axes == "ZYX"
        assert tiff.series[0].shape == (5, 48, 48)
        voxels = tiff.asarray()
    np.testing.assert_array_equal(voxels, read_stack(files[0]).voxels)
    ome = ome_types.from_tiff(files[0])
    image, objective = ome.images[0], ome.instruments[0].objectives[0]
    pixels, planes = image.pixels, image.pixels.planes
    assert pixels.physical_size_x == pytest.approx(pixel_um)
    assert (pixels.physical_size_z, pixels.physical_size_z_unit.value) == (0.5, "µm")
    assert (objective.lens_na, objective.nominal_magnification) == (0.75, 20)
    assert (pixels.channels[0].name, pixels.channels[0].emission_wavelength) == ("TexasRed", 584)
    assert [plane.position_z for plane in planes] == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert {(plane.position_x, plane.position_y) for plane in planes} == {(12.0, -7.5)}
    assert {plane.exposure_time for plane in planes} == {20.0}
    times = [plane.delta_t for plane in planes]
    assert times[0] == 0
    assert all(later - earlier >= 0.02 for earlier, later in zip(times, times[1:], strict=False))
    began = read_record(tmp_path).fields[0].began
    assert abs(image.acquisition_date - began) < timedelta(milliseconds=1)
    facts = dict(ome.structured_annotations[0].value.items())
    assert facts["optics.sample_index"] == "1.33"
    assert facts["version.pymmcore-plus"]
    # The profile's emission is that of its own channel only.
    assert ome_types.from_tiff(files[1]).images[0].pixels.channels[0].emission_wavelength is None


def quick(tmp_path: Path, fields: int) -> tuple[Microscope, Any]:
    short = {"range_um": 2.0, "autofocus": False, "fields": fields}
    time = Time()
    microscope = open_microscope(profile_with(calibration=short), clock=time, sleep=time.sleep)
    return microscope, default_request(microscope.profile, microscope)


def test_skipped_and_repeated_fields(tmp_path: Path) -> None:
    microscope, request = quick(tmp_path, 3)
    with microscope:
        run = CalibrationRun(microscope, tmp_path, request)
        begins: list[int] = []

        def react(progress: CalibrationProgress) -> None:
            if "moving" in progress.message:
                begins.append(progress.field)
                if progress.field == 0 and len(begins) == 1:
                    run.skip_field()
            if progress.field == 1 and progress.plane == 2 and begins.count(1) == 1:
                run.retry_field()

        run.progress.connect(react)
        files = [file.name for file in run.run()]
        assert begins == [0, 1, 1, 2]
        assert files == [f"field_00{n}_{c}.ome.tif" for n in (1, 2) for c in ("TexasRed", "FITC")]
        record = read_record(tmp_path)
        assert (record.skipped, record.finished) == ((0,), True)
        before = (tmp_path / files[0]).stat().st_mtime_ns
        again = CalibrationRun(microscope, tmp_path, resume=True, repeat=(0, 2)).run()
        assert len(again) == 6
        assert (tmp_path / files[0]).stat().st_mtime_ns == before
        assert read_record(tmp_path).skipped == ()


def test_channels_whose_names_differ_in_a_sign_have_files_of_their_own(tmp_path: Path) -> None:
    names = ["GFP 10%", "GFP_10%", "gfp 10-", "GFP-10--2"]
    short = {"range_um": 2.0, "autofocus": False, "fields": 1}
    time = Time()
    profile = profile_with(
        calibration=short, channel=names[0], channels=[{"name": name} for name in names]
    )
    with open_microscope(profile, clock=time, sleep=time.sleep) as microscope:
        run = CalibrationRun(microscope, tmp_path)
        taken: list[str] = []

        def once_each(plan: useq.MDASequence) -> None:
            taken.append(plan.channels[0].config)
            if len(taken) > len(names):
                run.abort()

        microscope.core.mda.events.sequenceStarted.connect(once_each)
        files = run.run()
    assert taken == names
    assert [read_stack(file).channel for file in files] == names
    assert len({file.name.casefold() for file in files}) == len(names)
    assert files[0].name == "field_000_GFP-10-.ome.tif"


def test_a_pause_holds_the_stage_and_the_light_until_it_ends(tmp_path: Path) -> None:
    microscope, request = quick(tmp_path, 1)
    with microscope:
        run = CalibrationRun(microscope, tmp_path, request)
        held = threading.Event()
        where: list[tuple[int, bool]] = []

        def react(progress: CalibrationProgress) -> None:
            if progress.plane == 2 and not where:
                run.pause()
            if progress.paused:
                held.set()

        def go_on() -> None:
            assert held.wait(30)
            where.append((microscope.built_in.camera.snapped, microscope.core.getShutterOpen()))
            run.resume()

        helper = threading.Thread(target=go_on)
        helper.start()
        run.progress.connect(react)
        assert len(run.run()) == 2
        helper.join(30)
        assert where[0][0] < 10
        assert not where[0][1]


def test_a_folder_is_never_mixed_with_another_calibration(tmp_path: Path) -> None:
    microscope, request = quick(tmp_path, 1)
    with microscope:
        CalibrationRun(microscope, tmp_path, request).run()
        with pytest.raises(RuntimeError, match="holds a calibration already"):
            CalibrationRun(microscope, tmp_path, request)
        other = request.model_copy(update={"step_um": 1.0})
        with pytest.raises(RuntimeError, match="begun with other fields, channels or planes"):
            CalibrationRun(microscope, tmp_path, other, resume=True)
        with pytest.raises(RuntimeError, match="no calibration to go on with"):
            CalibrationRun(microscope, tmp_path / "none", resume=True)


def test_a_killed_process_leaves_whole_stacks_and_a_calibration_to_go_on_with(
    tmp_path: Path,
) -> None:
    settings = {
        "camera.width_px": "48",
        "camera.height_px": "48",
        "specimen.kind": "beads-flat",
        "calibration.autofocus": "false",
        "calibration.range_um": "10",
        "camera.exposure_ms": "5",
    }
    profile = load_profile(CONFIGS / "simulated.yaml", settings)
    out = tmp_path / "stacks"
    with open_microscope(profile) as microscope:
        base = default_request(profile, microscope, 40)
        request = base.model_copy(update={"fields": with_roles(base.fields, test=1)})
        save_plan(calibration_plan(request, microscope), tmp_path / "plan.yaml")
    options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-c", PROGRAM, "calibrate", "--out", str(out)]
    command += ["--plan", str(tmp_path / "plan.yaml"), *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    entries: list[Any] = []
    try:
        while len(entries) < 2:
            assert process.poll() is None
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
            if (out / "calibration.json").is_file():
                entries = json.loads((out / "calibration.json").read_bytes())["fields"]
    finally:
        process.kill()
        process.wait()
    kept = read_record(out).fields
    assert 2 <= len(kept) < 40
    assert all(len(read_stack(out / entry.file).voxels) == 21 for entry in kept)
    times = {entry.file: (out / entry.file).stat().st_mtime_ns for entry in kept}
    time = Time()
    with open_microscope(profile, clock=time, sleep=time.sleep) as microscope:
        files = CalibrationRun(microscope, out, resume=True).run()
    assert len(files) == 40
    assert all((out / name).stat().st_mtime_ns == when for name, when in times.items())
    record = read_record(out)
    assert record.finished
    assert [entry.role for entry in record.fields] == ["train"] * 39 + ["test"]
    assert not list(out.glob("*.part"))
