"""A sequence of the operator's own: no device that fails leaves it short or elsewhere in silence.

The faults are brought about in the built-in microscope's devices.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import useq

from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.free_sequence import run_sequence
from deepz_live.acquire.microscope import Microscope
from tests.acquire.conftest import Opener, small_profile

START_UM = (1.0, (5.0, -5.0))
CHANNELS = [{"name": "TexasRed"}, {"name": "GFP"}]
STACK = useq.MDASequence(z_plan={"range": 10, "step": 1})
PLACES = useq.MDASequence(stage_positions=[(0, 0, 1), (100, 0, 1), (200, 0, 1)])
COLOURS = useq.MDASequence(
    channels=[{"config": name, "group": "Channel"} for name in ("TexasRed", "GFP")]
)
EXPOSURES = useq.MDASequence(
    channels=[
        {"config": "TexasRed", "group": "Channel", "exposure": 2.0},
        {"config": "GFP", "group": "Channel", "exposure": 3.0},
    ]
)
LAPSE = useq.MDASequence(time_plan={"interval": 0, "loops": 5})


@pytest.fixture
def microscope(opened: Opener) -> Microscope:
    one = opened(
        small_profile(
            camera={"width_px": 32, "height_px": 32},
            stage={"settle_ms": 0.0, "speed_um_s": 1e6, "timeout_s": 0.05},
            channels=CHANNELS,
        )
    )
    one.move_z(START_UM[0])
    one.move_xy(*START_UM[1])
    return one


def seen_by(microscope: Microscope) -> list[useq.MDAEvent]:
    """Events of the pictures, as they come."""
    events: list[useq.MDAEvent] = []
    frame_ready = microscope.core.mda.events.frameReady
    frame_ready.connect(lambda _, event, __: events.append(event))
    return events


def failing(device: Any, name: str, wrong: Callable[..., bool], why: str) -> Callable[[], None]:
    """Let a device's method fail where ``wrong(*arguments)`` says so; call what is given to end."""
    method = getattr(device, name)

    def call(*arguments: Any) -> Any:
        if wrong(*arguments):
            raise RuntimeError(why)
        return method(*arguments)

    setattr(device, name, call)
    return lambda: setattr(device, name, method)


def as_found(microscope: Microscope) -> bool:
    places = (microscope.z_um, microscope.xy_um) == START_UM
    dark = not microscope.core.getShutterOpen() and microscope.core.getAutoShutter()
    idle = not microscope.core.isSequenceRunning() and not microscope.core.mda.is_running()
    return places and dark and idle and not microscope.acquiring.locked()


def test_pictures_come_from_where_they_were_wanted(microscope: Microscope, tmp_path: Path) -> None:
    before, z = microscope.core.mda.engine, microscope.built_in.view.z
    stood: list[tuple[float, float]] = []
    microscope.core.mda.events.frameReady.connect(
        lambda *_: stood.append((microscope.xy_um[0], z.height_um()))
    )
    plan = useq.MDASequence(
        stage_positions=[(0, 0, 1), (100, 0, 1)], z_plan={"range": 2, "step": 1}
    )
    run_sequence(microscope, plan, tmp_path / "all.ome.zarr")
    assert stood == [(x, z) for x in (0.0, 100.0) for z in (0.0, 1.0, 2.0)]
    assert as_found(microscope)
    assert microscope.core.mda.engine is before


def test_a_camera_that_fails_ends_it_and_the_pictures_until_then_are_kept(
    microscope: Microscope, tmp_path: Path
) -> None:
    before, events = microscope.core.mda.engine, seen_by(microscope)
    microscope.built_in.camera.fails_at = 3
    file = tmp_path / "stack.ome.tif"
    with pytest.raises(MicroscopeError) as told:
        run_sequence(microscope, STACK, file)
    assert str(told.value) == (
        "The sequence ended with 3 of 11 pictures, which are saved: The camera took no picture "
        "(the camera's cable came loose); check it. Focus and stage are back where they were. "
        "Put this right and run it again."
    )
    assert len(events) == 3
    pages = tifffile.imread(file)
    assert [page.any() for page in pages[:3]] == [True] * 3
    assert not pages[3:].any()
    assert as_found(microscope)
    assert microscope.core.mda.engine is before


def xy_off(microscope: Microscope) -> None:
    failing(microscope.built_in.view.xy, "set_position_um", lambda x, _: x == 100, "xy is off")


def wheel_stuck(microscope: Microscope) -> None:
    failing(microscope.built_in.view.wheel, "set_state", lambda place: place == 1, "wheel stuck")


def exposure_refused(microscope: Microscope) -> None:
    failing(microscope.built_in.camera, "set_exposure", lambda ms: ms == 3.0, "too long for it")


def focus_fails(microscope: Microscope) -> None:
    failing(microscope.built_in.view.z, "set_position_um", lambda z: z == 2.0, "motor overheated")


def focus_misled(microscope: Microscope) -> None:
    """It says it is done and stands elsewhere."""
    z = microscope.built_in.view.z
    move = z.set_position_um
    z.set_position_um = lambda um: move(um + 0.5 if um == 2.0 else um)


FAULTS: dict[str, tuple[Callable[[Microscope], None], useq.MDASequence, int, int, str]] = {
    "xy": (xy_off, PLACES, 1, 3, "xy is off"),
    "channel": (wheel_stuck, COLOURS, 1, 2, "channel GFP could not be set"),
    "exposure": (exposure_refused, EXPOSURES, 1, 2, "exposure of 3 ms .too long for it"),
    "focus": (focus_fails, STACK, 7, 11, "motor overheated"),
    "focus elsewhere": (focus_misled, STACK, 7, 11, "stands at 2.50 µm instead of 2.00 µm"),
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_a_device_that_fails_ends_it_before_the_next_picture(
    microscope: Microscope, name: str
) -> None:
    fault, plan, taken, wanted, sentence = FAULTS[name]
    before, events = microscope.core.mda.engine, seen_by(microscope)
    fault(microscope)
    with pytest.raises(MicroscopeError, match=f"with {taken} of {wanted} pictures: .*{sentence}"):
        run_sequence(microscope, plan)
    assert len(events) == taken
    assert as_found(microscope)
    assert microscope.core.mda.engine is before


def test_a_preset_of_a_device_that_is_not_there_ends_it(microscope: Microscope) -> None:
    plan = useq.MDASequence(channels=[{"config": "Cy5", "group": "Channel"}])
    with pytest.raises(MicroscopeError, match=r"0 of 1 pictures: .*Cy5"):
        run_sequence(microscope, plan)


@pytest.mark.parametrize(
    "event, sentence",
    [
        ({"properties": [("Shutter", "Mood", "1")]}, "Property Mood of Shutter could not be set"),
        ({"roi": {"offset_x": 20, "offset_y": 0, "width": 64, "height": 8}}, "Region x = 20"),
    ],
)
def test_a_setup_that_a_device_refuses_ends_it(
    microscope: Microscope, event: Any, sentence: str
) -> None:
    events = seen_by(microscope)
    with pytest.raises(MicroscopeError, match=f"did not begin: {sentence}"):
        run_sequence(microscope, STACK.replace(setup=useq.MDAEvent(**event)))
    assert events == []
    assert as_found(microscope)


def test_an_autofocus_that_nobody_can_do_ends_it(microscope: Microscope) -> None:
    autofocus = {"axes": ("p",), "autofocus_motor_offset": None}
    plan = useq.MDASequence(stage_positions=[(0, 0, 1)], autofocus_plan=autofocus)
    with pytest.raises(MicroscopeError, match="0 of 1 pictures: The autofocus device found no"):
        run_sequence(microscope, plan)
    assert as_found(microscope)


def test_a_hardware_sequence_gives_all_its_pictures(microscope: Microscope) -> None:
    events = seen_by(microscope)
    run_sequence(microscope, LAPSE)
    assert [event.index["t"] for event in events] == [0, 1, 2, 3, 4]
    assert as_found(microscope)


def test_pictures_missing_from_a_hardware_sequence_end_it(opened: Opener) -> None:
    microscope = opened(small_profile(camera={"fail_after_frames": 3}))
    events = seen_by(microscope)
    with pytest.raises(MicroscopeError, match="3 of 5 pictures: The camera gave 3 of 5 pictures"):
        run_sequence(microscope, LAPSE)
    assert len(events) == 3


def test_pictures_that_are_missing_without_a_word_are_counted(microscope: Microscope) -> None:
    """As of a Multi Camera whose cameras are gone."""
    core = microscope.core
    core.getNumberOfCameraChannels = lambda: int(microscope.built_in.camera.snapped < 10)
    with pytest.raises(MicroscopeError, match="9 of 11 pictures: The others were left out and no"):
        run_sequence(microscope, STACK)
    assert as_found(microscope)


@pytest.mark.parametrize("plan", [STACK, LAPSE], ids=["picture by picture", "by hardware"])
def test_who_cancels_is_not_told_of_a_failure(
    microscope: Microscope, plan: useq.MDASequence
) -> None:
    runner, events = microscope.core.mda, seen_by(microscope)
    runner.events.frameReady.connect(lambda *_: len(events) == 3 and runner.cancel())
    run_sequence(microscope, plan)
    assert len(events) == 3
    assert as_found(microscope)


def test_a_shutter_kept_open_is_closed_where_the_next_move_fails(microscope: Microscope) -> None:
    focus_fails(microscope)
    with pytest.raises(MicroscopeError, match="7 of 11 pictures"):
        run_sequence(microscope, STACK.replace(keep_shutter_open_across=("z",)))
    assert as_found(microscope)


def test_what_does_not_come_back_is_told_and_the_rest_does(microscope: Microscope) -> None:
    xy = microscope.built_in.view.xy
    repair = failing(xy, "set_position_um", lambda x, _: x != 0, "xy is off")
    with pytest.raises(MicroscopeError) as told:
        run_sequence(microscope, PLACES)
    sentence = str(told.value)
    assert "1 of 3 pictures: The xy stage failed on its way to x = 100" in sentence
    assert "Not everything is back where it was before the sequence. The xy stage" in sentence
    assert microscope.z_um == START_UM[0]
    repair()


def test_a_full_disk_ends_it(microscope: Microscope, monkeypatch: pytest.MonkeyPatch) -> None:
    events = seen_by(microscope)

    def full(sink: Any, *_: Any) -> None:
        if len(events) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pymmcore_plus.mda._sink.OmeWritersSink.append", full)
    with pytest.raises(MicroscopeError, match=r"2 of 11 pictures, which are saved: .*No space"):
        run_sequence(microscope, STACK, "memory:")
    assert as_found(microscope)


def test_a_file_that_is_there_is_not_overwritten(microscope: Microscope, tmp_path: Path) -> None:
    file = tmp_path / "there.ome.tif"
    file.write_bytes(b"mine")
    with pytest.raises(MicroscopeError, match=r"did not begin: .*there"):
        run_sequence(microscope, STACK, file)
    assert file.read_bytes() == b"mine"


def test_a_place_outside_the_limits_moves_nothing(microscope: Microscope) -> None:
    events = seen_by(microscope)
    far = useq.MDASequence(stage_positions=[(0, 0, 0), (6000, 0, 0)])
    with pytest.raises(LimitError, match="xy_limit_um"):
        run_sequence(microscope, far)
    assert events == []
    assert as_found(microscope)


def test_a_preset_that_leaves_the_limits_ends_it(microscope: Microscope) -> None:
    core = microscope.core
    core.defineConfig("Where", "far", core.getFocusDevice(), "Position", "9999")
    plan = useq.MDASequence(channels=[{"config": "far", "group": "Where"}])
    with pytest.raises(MicroscopeError, match="outside the stage's limits"):
        run_sequence(microscope, plan)
    assert as_found(microscope)


def test_exposures_are_those_of_the_sequence(microscope: Microscope) -> None:
    shone: list[float] = []
    microscope.core.mda.events.frameReady.connect(lambda *_: shone.append(microscope.exposure_ms))
    run_sequence(microscope, EXPOSURES)
    np.testing.assert_allclose(shone, [2.0, 3.0])


@pytest.mark.parametrize(
    "places",
    [
        [(0.0, 0.0, 0.0), (300.0, 0.0, 0.0)],
        [(0.0, 100.0, 0.0), (300.0, 100.0, 0.0)],  # there, but not back
    ],
)
def test_a_sequence_across_a_keep_out_is_refused_before_any_move(
    opened: Opener, places: list[tuple[float, float, float]]
) -> None:
    clamp = {"x_min_um": 100.0, "x_max_um": 150.0, "y_min_um": -50.0, "y_max_um": 50.0}
    microscope = opened(small_profile(stage={"keep_out": [clamp]}))
    taken: list[int] = []
    microscope.core.mda.events.frameReady.connect(lambda: taken.append(1), check_nargs=False)
    with pytest.raises(LimitError, match="may touch the keep-out area"):
        run_sequence(microscope, useq.MDASequence(stage_positions=places))
    assert taken == []
    assert microscope.xy_um == (0.0, 0.0)


def test_the_xy_stage_goes_back_even_where_shutter_and_focus_do_not(opened: Opener) -> None:
    microscope = opened()
    view = microscope.built_in.view

    def failing(*_: object) -> None:
        raise RuntimeError("it does not answer")

    def fail(*_: object) -> None:
        view.z.set_position_um = view.shutter.set_open = failing

    def mend() -> None:
        del view.z.set_position_um, view.shutter.set_open

    microscope.core.mda.events.sequenceFinished.connect(fail, check_nargs=False)
    places = [(0.0, 0.0, 0.0), (300.0, 0.0, 5.0)]
    with pytest.raises(MicroscopeError, match="shutter did not close"):
        run_sequence(microscope, useq.MDASequence(stage_positions=places))
    assert microscope.xy_um == (0.0, 0.0)
    mend()
