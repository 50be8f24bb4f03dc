from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from deepz_live.acquire import hardware
from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.focus import autofocus
from deepz_live.acquire.guard import GuardedCore
from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.acquire.plan import calibration_plan, check_plan
from deepz_live.acquire.request import default_request
from deepz_live.config import load_profile
from tests.acquire.conftest import CONFIGS, EMBRYO, Opener, small_profile


def stage_of(microscope):  # type: ignore[no-untyped-def]
    return microscope.built_in.view.z


def test_a_move_outside_the_limits_is_refused_and_nothing_moves(opened: Opener) -> None:
    microscope = opened(small_profile(stage={"z_min_um": -5, "z_max_um": 5}))
    with pytest.raises(LimitError, match=r"6 µm is outside .*-5 … 5"):
        microscope.move_z(6.0)
    with pytest.raises(LimitError):
        microscope.core.setPosition(6.0)
    with pytest.raises(LimitError, match="xy_limit_um"):
        microscope.move_xy(6000.0, 0.0)
    assert microscope.z_um == 0.0
    assert microscope.xy_um == (0.0, 0.0)


def test_a_stalled_stage_is_an_error(opened: Opener) -> None:
    microscope = opened(small_profile(stage={"timeout_s": 0.02}))
    stage_of(microscope).stalled = True
    with pytest.raises(MicroscopeError, match=r"to 3\.00 µm, it stands at 0\.00 µm .*timed out"):
        microscope.move_z(3.0)
    stage_of(microscope).stalled = False
    microscope.move_z(3.0)


def test_a_stage_that_only_says_it_moved_is_an_error(opened: Opener) -> None:
    microscope = opened()
    stage_of(microscope).deaf = True
    with pytest.raises(MicroscopeError, match=r"stands at 0\.00 µm instead of 3\.00 µm"):
        microscope.move_z(3.0)
    stage_of(microscope).deaf = False


def test_an_xy_stage_that_only_says_it_moved_is_an_error(opened: Opener) -> None:
    microscope = opened()
    xy = microscope.built_in.view.xy
    go = xy.set_position_um
    xy.set_position_um = lambda *_: None  # as in joystick mode
    with pytest.raises(
        MicroscopeError,
        match=r"xy stage stands at x = 0\.0, y = 0\.0 µm instead of x = 200\.0, y = 5\.0 µm; check",
    ):
        microscope.move_xy(200.0, 5.0)
    xy.set_position_um = lambda x, y: go(round(x / 0.7) * 0.7, round(y / 0.7) * 0.7)  # coarse steps
    microscope.move_xy(200.0, 5.0)


def test_a_stage_that_does_not_answer_is_named(opened: Opener) -> None:
    microscope = opened()

    def silent() -> float:
        raise RuntimeError("serial time-out")

    view = microscope.built_in.view
    stages = ((view.z, lambda: microscope.z_um), (view.xy, lambda: microscope.xy_um))
    for stage, ask in stages:
        answer, stage.get_position_um = stage.get_position_um, silent
        with pytest.raises(MicroscopeError, match=r"not say where it stands \(serial time-out"):
            ask()
        stage.get_position_um = answer


def test_play_of_the_drive_is_taken_out_by_coming_from_below(opened: Opener) -> None:
    microscope = opened(small_profile(stage={"backlash_um": 1.5}))
    stage = stage_of(microscope)
    for target in (5.0, -3.0, 2.0, 1.5):
        microscope.move_z(target)
        assert stage.height_um() == pytest.approx(target)
        assert microscope.z_um == pytest.approx(target)
    microscope.core.setPosition(0.5)
    assert stage.height_um() == pytest.approx(1.5)
    microscope.core.setPosition(-2.0)
    assert stage.height_um() == pytest.approx(-0.5)


def test_the_stage_takes_its_time() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    profile = small_profile(stage={"speed_um_s": 10, "settle_ms": 500})
    with open_microscope(profile, clock=lambda: now[0], sleep=sleep) as microscope:
        microscope.move_z(20.0)
        assert now[0] == pytest.approx(2.5)
        stage = stage_of(microscope)
        stage._move = (0.0, 20.0, now[0], 0.0)
        now[0] += 1.0
        assert stage.height_um() == pytest.approx(10.0)


def test_a_plan_beyond_the_limits_is_refused_before_any_move(opened: Opener) -> None:
    profile = small_profile(stage={"z_min_um": -15, "z_max_um": 15})
    microscope = opened(profile)
    with pytest.raises(LimitError, match="-20 µm"):
        calibration_plan(default_request(profile, microscope, 1), microscope)


def test_the_default_plan_has_81_planes_a_field_without_overlap(opened: Opener) -> None:
    microscope = opened()
    plan = calibration_plan(default_request(microscope.profile, microscope), microscope)
    events = list(plan)
    assert len(events) == 243
    heights = [event.z_pos for event in events[:81]]
    np.testing.assert_allclose(heights, np.linspace(-20, 20, 81))
    corners = {(event.x_pos, event.y_pos) for event in events}
    side = 128 * 0.325
    assert corners == {(0.0, 0.0), (side, 0.0), (0.0, side)}


@pytest.mark.parametrize("start", [-8.0, 8.0])
def test_autofocus_finds_a_flat_sample(opened: Opener, start: float) -> None:
    flat = {"kind": "beads-flat", "beads_per_100um2": 1.0}
    microscope = opened(small_profile(specimen=flat, stage={"z_start_um": start}))
    assert autofocus(microscope, 20.0) == pytest.approx(0.0, abs=0.5)
    assert microscope.z_um == pytest.approx(0.0, abs=0.5)


def test_autofocus_on_nothing_says_so_and_returns(opened: Opener) -> None:
    empty = {"beads_per_100um2": 1e-9}
    microscope = opened(small_profile(specimen=empty, stage={"z_start_um": 4.0}))
    with pytest.raises(MicroscopeError, match="nothing to focus on"):
        autofocus(microscope, 6.0)
    assert microscope.z_um == 4.0


def test_closing_brings_the_focus_back_and_closes_the_shutter() -> None:
    microscope = open_microscope(small_profile(stage={"z_start_um": 2.0}))
    stage, shutter = stage_of(microscope), microscope.built_in.view.shutter
    microscope.move_z(9.0)
    source = microscope.camera_source()
    source.start()
    microscope.close()
    microscope.close()
    assert stage.height_um() == 2.0
    assert not shutter.is_open


def closing_fails(microscope: Microscope, sentence: str) -> tuple[bool, float]:
    """Close it, with that sentence; whether the shutter is open and where the focus is then."""
    view, core = microscope.built_in.view, microscope.core
    with pytest.raises(MicroscopeError, match=sentence):
        microscope.close()
    microscope.close()
    assert list(core.getLoadedDevices()) in ([], ["Core"])
    return view.shutter.is_open, view.z.height_um()


def failing(*_: object) -> None:
    raise RuntimeError("it does not answer")


def test_closing_goes_on_where_the_camera_does_not_stop() -> None:
    microscope = open_microscope(small_profile(stage={"z_start_um": 2.0}))
    microscope.move_z(9.0)
    source = microscope.camera_source()
    source.start()
    stop = microscope.core.stopSequenceAcquisition

    def once() -> None:
        microscope.core.stopSequenceAcquisition = stop
        failing()

    microscope.core.stopSequenceAcquisition = once
    assert closing_fails(microscope, "camera did not stop") == (False, 2.0)


def test_closing_goes_on_where_the_shutter_does_not_close() -> None:
    microscope = open_microscope(small_profile(stage={"z_start_um": 2.0}))
    microscope.move_z(9.0)
    microscope.core.setShutterOpen(True)
    microscope.built_in.view.shutter.set_open = failing
    assert closing_fails(microscope, "shutter did not close") == (True, 2.0)


def test_closing_lets_go_of_the_devices_where_the_stage_fails_in_a_way_of_its_own() -> None:
    microscope = open_microscope(small_profile())
    microscope.move_z(9.0)
    microscope.core.setShutterOpen(True)

    def odd(_: float) -> None:
        raise KeyError("no axis of that name")

    microscope.built_in.view.z.set_position_um = odd
    assert closing_fails(microscope, "could not be put back .*no axis") == (False, 9.0)


def test_binning_widens_the_pixel(opened: Opener) -> None:
    plain = opened(small_profile(camera={"noise": False}))
    binned = opened(small_profile(camera={"noise": False, "binning": 2}))
    assert binned.pixel_size_um == pytest.approx(0.65)
    assert binned.info.shape == (64, 64)
    mean = plain.snap().pixels.reshape(64, 2, 64, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(binned.snap().pixels, mean, atol=0.51)


def test_binning_set_since_is_in_the_next_frames_pixel_size_and_in_the_truth(
    opened: Opener,
) -> None:
    microscope = opened(small_profile(camera={"noise": False}))
    plain, places = microscope.snap().pixels, microscope.truth.bead_pixels()
    microscope.core.setROI(0, 0, 50, 40)
    microscope.core.setProperty("Camera", "Binning", 4)
    assert microscope.pixel_size_um == pytest.approx(4 * 0.325)
    assert microscope.info.pixel_size_um == pytest.approx(4 * 0.325)
    mean = plain.reshape(32, 4, 32, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(microscope.snap().pixels, mean, atol=0.51)
    np.testing.assert_allclose(microscope.truth.bead_pixels(), (places + 0.5) / 4 - 0.5)
    with pytest.raises(MicroscopeError, match="Binning 200 leaves no pixel"):
        microscope.core.setProperty("Camera", "Binning", 200)
    assert microscope.pixel_size_um == pytest.approx(4 * 0.325)


def stack_profile(path: Path, **more: str):  # type: ignore[no-untyped-def]
    values = {"specimen.path": str(path), **{key: str(value) for key, value in more.items()}}
    return load_profile(CONFIGS / "stack.yaml", values)


def test_a_stack_file_sets_sensor_limits_and_plan(tmp_path: Path, opened: Opener) -> None:
    voxels = np.random.default_rng(1).integers(0, 4000, (6, 30, 40)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", voxels, photometric="minisblack")
    sampling = {"specimen.pixel_size_um": "0.2", "specimen.z_step_um": "0.3"}
    microscope = opened(stack_profile(tmp_path / "s.tif", **sampling))
    assert microscope.info.shape == (30, 40)
    assert microscope.pixel_size_um == pytest.approx(0.2)
    plan = calibration_plan(default_request(microscope.profile, microscope), microscope)
    check_plan(plan, microscope.profile)
    heights = [event.z_pos for event in plan]
    np.testing.assert_allclose(heights, (np.arange(6) - 3) * 0.3, atol=1e-9)
    for number, height in enumerate(heights):
        microscope.move_z(float(height))
        np.testing.assert_array_equal(microscope.snap().pixels, voxels[number])
    with pytest.raises(LimitError):
        microscope.move_z(1.0)


@pytest.mark.skipif(not EMBRYO.exists(), reason="../shared/data has no embryo recording")
def test_the_embryo_shows_each_plane_at_its_height(opened: Opener) -> None:
    sampling = {"specimen.pixel_size_um": "0.0645", "specimen.z_step_um": "0.16"}
    microscope = opened(stack_profile(EMBRYO, **sampling))
    voxels = tifffile.imread(EMBRYO)
    for number in (0, 37, 52, 103):
        microscope.move_z((number - 52) * 0.16)
        np.testing.assert_array_equal(microscope.snap().pixels, voxels[number])


def test_the_micromanager_demo_captures_and_streams(opened: Opener) -> None:
    microscope = opened(load_profile(CONFIGS / "micromanager-demo.yaml"))
    assert microscope.pixel_size_um == pytest.approx(0.5)
    frame = microscope.snap()
    assert frame.pixels.dtype == np.uint16
    assert frame.pixels.std() > 0
    microscope.move_z(3.0)
    source = microscope.camera_source()
    source.start()
    got = [source.read(5.0) for _ in range(10)]
    source.stop()
    assert [frame.index for frame in got if frame is not None] == list(range(10))
    assert got[-1].z_um == pytest.approx(3.0)
    assert microscope.truth is None


def test_a_missing_configuration_is_named() -> None:
    values = {"micromanager.cfg": "NoSuch.cfg"}
    with pytest.raises(MicroscopeError, match=r"NoSuch\.cfg was not found"):
        open_microscope(load_profile(CONFIGS / "micromanager-demo.yaml", values))


def test_a_missing_device_is_named() -> None:
    values = {"micromanager.camera": "Kamera"}
    with pytest.raises(MicroscopeError, match="Kamera"):
        open_microscope(load_profile(CONFIGS / "micromanager-demo.yaml", values))


def test_a_stage_that_is_off_when_opened_is_named_and_nothing_stays_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cores: list[GuardedCore] = []
    set_up = hardware._set_up

    def switched_off(core: GuardedCore, *more: Any) -> None:
        set_up(core, *more)
        core.getPosition = failing
        cores.append(core)

    monkeypatch.setattr(hardware, "_set_up", switched_off)
    with pytest.raises(MicroscopeError, match="focus stage does not say where it stands"):
        open_microscope(load_profile(CONFIGS / "micromanager-demo.yaml"))
    assert list(cores[0].getLoadedDevices()) in ([], ["Core"])


@pytest.mark.parametrize("name", ["simulated", "micromanager-demo"])
def test_shipped_profiles_are_valid_and_every_line_is_explained(name: str) -> None:
    file = CONFIGS / f"{name}.yaml"
    load_profile(file)
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    sections = ("camera:", "micromanager:", "specimen:", "calibration:", "optics:", "stage:")
    assert all("#" in line or line.strip() in sections for line in lines)
