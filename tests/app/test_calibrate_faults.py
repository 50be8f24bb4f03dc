"""What goes wrong at a microscope in mid-calibration, brought about in the devices.

Each fault comes in the second field, so that there is something to keep.
After each: the sentence, the microscope as it was found, the stacks so far whole, and the same
folder finished by a second run.
"""

from __future__ import annotations

import errno
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from psygnal import EmitLoopError

from deepz_live.acquire.errors import AcquisitionAbortedError, MicroscopeError
from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.acquire.request import CalibrationRequest, default_request
from deepz_live.app.calibrate import CalibrationProgress, CalibrationRun, read_record
from deepz_live.config import Profile
from deepz_live.session.stack import StackError, read_stack

PLANES = 51
SMALL = {"width_px": 32, "height_px": 32, "exposure_ms": 0.5, "timeout_s": 60.0}
STAGE = {"z_start_um": 2.0, "settle_ms": 0.0, "speed_um_s": 1e6, "timeout_s": 0.05}
Fault = Callable[[Microscope], None]


@pytest.fixture
def microscope() -> Iterator[Microscope]:
    profile = Profile.model_validate(
        {
            "name": "test",
            "camera": SMALL,
            "stage": STAGE,
            "specimen": {"kind": "beads-flat", "beads_per_100um2": 3.0},
            "calibration": {"autofocus": False, "fields": 2, "step_um": 0.8},
        }
    )
    with open_microscope(profile) as opened:
        yield opened


def request_of(microscope: Microscope, **more: Any) -> CalibrationRequest:
    return default_request(microscope.profile, microscope).model_copy(update=more)


def at_plane_40_of_field_2(microscope: Microscope, fault: Fault) -> None:
    """Bring the fault about while plane 40 of the second field is exposed."""
    camera = microscope.built_in.camera
    render, number = camera.render, PLANES + 40

    def faulty(*scene: Any) -> Any:
        if camera.snapped == number:
            fault(microscope)
        return render(*scene)

    camera.render = faulty


def left_as_found(microscope: Microscope) -> bool:
    places = (microscope.z_um, microscope.xy_um, microscope.channel, microscope.exposure_ms)
    closed = not microscope.core.getShutterOpen()
    idle = not microscope.core.isSequenceRunning() and not microscope.core.mda.is_running()
    return places == (2.0, (0.0, 0.0), "TexasRed", 0.5) and closed and idle


def whole(folder: Path) -> list[str]:
    """Names of the stacks, each of which can be read and has all its planes."""
    names = sorted(file.name for file in folder.glob("*.tif"))
    for name in names:
        stack = read_stack(folder / name)
        assert len(stack.voxels) == PLANES
        np.testing.assert_allclose(stack.z_um, np.linspace(-18, 22, PLANES))
    assert [entry.file for entry in read_record(folder).fields] == names
    assert not list(folder.glob("*.part"))
    return names


FIRST_FIELD = ["field_000_TexasRed.ome.tif"]
ALL = [*FIRST_FIELD, "field_001_TexasRed.ome.tif"]


def finish(microscope: Microscope, folder: Path) -> None:
    """A second run takes what is missing and leaves alone what is there."""
    before = {name: (folder / name).stat().st_mtime_ns for name in whole(folder)}
    taken: set[tuple[int, str]] = set()
    run = CalibrationRun(microscope, folder, resume=True)
    run.progress.connect(lambda item: taken.add((item.field, item.channel)) if item.plane else None)
    assert [file.name for file in run.run()] == ALL
    assert whole(folder) == ALL
    assert all((folder / name).stat().st_mtime_ns == time for name, time in before.items())
    assert not any(field == 0 for field, channel in taken if channel)
    assert read_record(folder).finished
    assert left_as_found(microscope)


def loosen(microscope: Microscope) -> None:
    microscope.built_in.camera.fails_at = 0


def stick(microscope: Microscope) -> None:
    hurried = microscope.profile.camera.model_copy(update={"timeout_s": 0.2})
    microscope.profile = microscope.profile.model_copy(update={"camera": hurried})
    microscope.built_in.camera.sticks_at = microscope.built_in.camera.snapped


def stall(microscope: Microscope) -> None:
    microscope.built_in.view.z.stalled = True


def deafen(microscope: Microscope) -> None:
    microscope.built_in.view.z.deaf = True


def mend(microscope: Microscope) -> None:
    camera, stage = microscope.built_in.camera, microscope.built_in.view.z
    camera.fails_at = None
    camera.free()
    stage.stalled = stage.deaf = False


@pytest.mark.parametrize(
    ("fault", "sentence", "back"),
    [
        (loosen, r"stopped after 40 of 51 planes: The camera took no picture .*came loose", True),
        (stall, r"after 40 of 51 planes: The focus stage did not come to .* timed out", False),
        (deafen, r"40 of 51 planes: The focus stage stands at .* instead of .* µm; check", False),
    ],
)
def test_a_device_that_fails_in_mid_stack(
    tmp_path: Path, microscope: Microscope, fault: Fault, sentence: str, back: bool
) -> None:
    run = CalibrationRun(microscope, tmp_path, request_of(microscope))
    at_plane_40_of_field_2(microscope, fault)
    with pytest.raises(MicroscopeError, match=sentence):
        run.run()
    assert not microscope.core.getShutterOpen()
    assert microscope.xy_um == (0.0, 0.0)
    assert left_as_found(microscope) == back
    assert whole(tmp_path) == FIRST_FIELD
    mend(microscope)
    microscope.move_z(2.0)
    finish(microscope, tmp_path)


def test_a_camera_that_stops_delivering_is_given_up(tmp_path: Path, microscope: Microscope) -> None:
    run = CalibrationRun(microscope, tmp_path, request_of(microscope))
    at_plane_40_of_field_2(microscope, stick)
    with pytest.raises(MicroscopeError, match=r"camera has not answered for .* plane 40 of 51"):
        run.run()
    assert (microscope.z_um, microscope.xy_um) == (2.0, (0.0, 0.0))
    assert not microscope.core.getShutterOpen()
    assert whole(tmp_path) == FIRST_FIELD
    mend(microscope)
    with microscope.acquiring:  # the thread that waited for the camera has ended
        pass
    finish(microscope, tmp_path)


def test_a_light_that_is_off_is_named_by_the_autofocus(
    tmp_path: Path, microscope: Microscope
) -> None:
    request = request_of(microscope, autofocus="image", autofocus_range_um=8.0, range_um=10.0)
    run = CalibrationRun(microscope, tmp_path, request)

    def off(progress: CalibrationProgress) -> None:
        microscope.built_in.view.lamp_on = progress.field == 0

    run.progress.connect(off)
    with pytest.raises(MicroscopeError, match=r"nothing to focus on .* check that the light is on"):
        run.run()
    assert left_as_found(microscope)
    assert len(read_record(tmp_path).fields) == 1


@pytest.mark.parametrize("what", ["stack", "record"])
def test_a_full_disk(
    tmp_path: Path, microscope: Microscope, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    run = CalibrationRun(microscope, tmp_path, request_of(microscope))
    write_tiff, write_text = tifffile.TiffWriter.write, Path.write_text
    full = threading.Event()

    def tiff(self: Any, *args: Any, **options: Any) -> Any:
        if full.is_set() and what == "stack":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_tiff(self, *args, **options)

    def text(self: Path, *args: Any, **options: Any) -> int:
        if full.is_set() and what == "record":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_text(self, *args, **options)

    monkeypatch.setattr(tifffile.TiffWriter, "write", tiff)
    monkeypatch.setattr(Path, "write_text", text)
    at_plane_40_of_field_2(microscope, lambda _: full.set())
    with pytest.raises((StackError, MicroscopeError), match="No space left on device"):
        run.run()
    assert left_as_found(microscope)
    full.clear()
    assert [entry.field for entry in read_record(tmp_path).fields] == [0]
    assert all(len(read_stack(tmp_path / name).voxels) == PLANES for name in FIRST_FIELD)
    run = CalibrationRun(microscope, tmp_path, resume=True)
    run.run()
    assert whole(tmp_path) == ALL


def test_a_folder_that_is_held_by_another_program_does_not_stop_the_way_back(
    tmp_path: Path, microscope: Microscope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows does while a virus scanner reads the record."""
    unlink = Path.unlink

    def held(self: Path, *args: Any, **options: Any) -> None:
        if self.name == "calibration.json":
            raise PermissionError(errno.EACCES, "used by another process", str(self))
        unlink(self, *args, **options)

    monkeypatch.setattr(Path, "unlink", held)
    run = CalibrationRun(microscope, tmp_path / "new", request_of(microscope))
    run.progress.connect(lambda item: run.abort() if item.plane == 15 else None)
    with pytest.raises(AcquisitionAbortedError):
        run.run()
    assert left_as_found(microscope)


def test_a_folder_that_goes_away_does_not_stop_the_way_back(
    tmp_path: Path, microscope: Microscope
) -> None:
    folder = tmp_path / "new"
    run = CalibrationRun(microscope, folder, request_of(microscope))

    def gone(progress: CalibrationProgress) -> None:
        if progress.plane == 15:
            shutil.rmtree(folder)

    run.progress.connect(gone)
    with pytest.raises(StackError):
        run.run()
    assert left_as_found(microscope)


def test_an_abort_in_mid_stack(tmp_path: Path, microscope: Microscope) -> None:
    run = CalibrationRun(microscope, tmp_path, request_of(microscope))
    at_plane_40_of_field_2(microscope, lambda _: run.abort())
    with pytest.raises(AcquisitionAbortedError, match="stacks finished so far are kept"):
        run.run()
    assert left_as_found(microscope)
    assert whole(tmp_path) == FIRST_FIELD
    finish(microscope, tmp_path)


def test_a_listener_that_fails_leaves_no_stack_running(
    tmp_path: Path, microscope: Microscope
) -> None:
    def fail(progress: CalibrationProgress) -> None:
        if progress.field == 1 and progress.plane == 5:
            raise RuntimeError("the window is gone")

    run = CalibrationRun(microscope, tmp_path, request_of(microscope))
    run.progress.connect(fail)
    with pytest.raises(EmitLoopError, match="the window is gone"):
        run.run()
    for thread in threading.enumerate():
        if thread.name == "z-stack":  # it would move the stage from where it was brought back
            thread.join(30)
    assert left_as_found(microscope)
    finish(microscope, tmp_path)


def test_a_microscope_closed_in_mid_stack_is_left_as_it_was(tmp_path: Path) -> None:
    profile = Profile.model_validate(
        {
            "name": "test",
            "camera": SMALL,
            "stage": STAGE,
            "calibration": {"autofocus": False, "step_um": 0.8},
        }
    )
    microscope = open_microscope(profile)
    stage, shutter = microscope.built_in.view.z, microscope.built_in.view.shutter
    runner, told = microscope.core.mda, threading.Event()
    cancel = runner.cancel

    def heard() -> None:
        cancel()
        told.set()

    runner.cancel = heard
    closer = threading.Thread(target=microscope.close)

    def close(_: Microscope) -> None:
        closer.start()
        assert told.wait(30)

    at_plane_40_of_field_2(microscope, close)
    with pytest.raises(AcquisitionAbortedError):
        CalibrationRun(microscope, tmp_path, request_of(microscope)).run()
    closer.join(30)
    assert not closer.is_alive()
    assert stage.height_um() == 2.0
    assert not shutter.is_open
    assert [entry.file for entry in read_record(tmp_path).fields] == ["field_000_TexasRed.ome.tif"]
    assert len(read_stack(tmp_path / "field_000_TexasRed.ome.tif").voxels) == PLANES
