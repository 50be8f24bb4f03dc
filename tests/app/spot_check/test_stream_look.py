"""Frames for a spot check out of a running session: none of the way, and no end without one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from deepz_live.acquire.errors import AcquisitionAbortedError, MicroscopeError
from deepz_live.app.live import LiveSession
from deepz_live.app.spot_check.look import StreamLook
from deepz_live.app.spot_check.make import KIND, live_check
from deepz_live.app.spot_check.plan import SpotCheckError
from deepz_live.session.reader import read_session
from deepz_live.stream.frame import Frame
from tests.app.spot_check.conftest import START_UM, unchanged
from tests.clock import Time


class Stream:
    """A live session whose frames come while somebody sleeps, in turns of its channels."""

    error = None
    finished = False

    def __init__(self, time: Time, channels=(), every_s=0.1) -> None:
        self.time, self.channels, self.every_s = time, channels, every_s
        self.stopped_at = 1_000_000
        self.lag = 0

    def latest_frame(self, channel=None):
        newest = min(int(self.time.now / self.every_s) - self.lag, self.stopped_at)
        for index in range(newest, -1, -1):
            name = self.channels[index % len(self.channels)] if self.channels else "TexasRed"
            if channel in (None, name):
                return Frame(None, index, index * self.every_s, 0.0, 20.0, name)
        return None


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def scope(time):
    camera = SimpleNamespace(timeout_s=3.0, exposure_ms=20.0)
    profile = SimpleNamespace(camera=camera)
    return SimpleNamespace(profile=profile, clock=time, sleep=time.sleep)


def test_frames_that_were_under_way_are_let_pass(time, scope) -> None:
    stream = Stream(time)
    before = stream.latest_frame().index
    assert StreamLook(stream, scope).take(lambda: None).index == before + 2


def test_frames_that_waited_in_the_buffer_are_let_pass(time, scope) -> None:
    stream = Stream(time, every_s=0.1)
    stream.lag = 7
    before_s = time.now
    assert StreamLook(stream, scope).take(lambda: None).time_s >= before_s + 0.02


def test_of_several_channels_two_rounds_are_let_pass(time, scope) -> None:
    stream = Stream(time, ("A", "B", "C"))
    before = stream.latest_frame().index
    found = StreamLook(stream, scope, "B").take(lambda: None)
    assert found.channel == "B"
    assert before + 6 <= found.index <= before + 8


def test_a_silent_camera_is_given_up(time, scope) -> None:
    stream = Stream(time)
    stream.stopped_at = stream.latest_frame().index + 1
    look = StreamLook(stream, scope)
    assert look.streaming
    with pytest.raises(MicroscopeError, match=r"no frame for 3.1 s during the spot check"):
        look.take(lambda: None)
    assert not look.streaming


def test_a_camera_that_broke_is_named_at_once(time, scope) -> None:
    stream = Stream(time)
    stream.error = MicroscopeError("Its cable came loose.")
    look = StreamLook(stream, scope)
    with pytest.raises(MicroscopeError, match="stopped during the spot check: Its cable"):
        look.take(lambda: None)
    assert not look.streaming


def test_an_abort_ends_the_waiting(time, scope) -> None:
    def aborted() -> None:
        raise AcquisitionAbortedError("The spot check was stopped.")

    with pytest.raises(AcquisitionAbortedError):
        StreamLook(Stream(time), scope).take(aborted)


class Engine:
    """Returns the frame at every distance."""

    provider = reason = "test"

    def __init__(self, bundle) -> None:
        self.bundle = bundle

    def volume(self, pixels):
        frame = SimpleNamespace(pixels=pixels)
        return unchanged(frame, self.bundle.facts.z_planes_um)

    def surface(self, pixels, dpm):
        return pixels.astype("float32")

    def close(self) -> None:
        """Nothing to free."""


@pytest.fixture
def running(microscope, model, tmp_path):
    live = LiveSession(microscope.camera_source(), Engine(model), record_to=tmp_path / "recording")
    live.start()
    yield live
    live.stop()


def test_a_recording_goes_on_and_holds_the_planes_and_the_result(
    running, microscope, tmp_path
) -> None:
    result = live_check(running, microscope).run()
    running.note(KIND, **result.facts())
    assert microscope.z_um == START_UM
    assert microscope.core.getShutterOpen()  # the live view goes on
    running.stop()
    assert not microscope.core.getShutterOpen()
    session = read_session(tmp_path / "recording")
    assert session.gaps == ()
    heights = {round(facts.z_um, 1) for facts in session.facts}
    assert {START_UM + dz for dz in (-8.0, -4.0, -2.0, 0.0, 2.0, 4.0, 8.0)} <= heights
    (event,) = [event for event in session.events if event["kind"] == KIND]
    assert event["level"] == "red"  # this network does nothing
    for row in result.rows:
        # What was taken as measured was exposed when the stage stood there.
        assert row.measured.shape == microscope.shape
    assert len(event["distances"]) == 6


def test_each_plane_was_exposed_with_the_stage_at_rest(running, microscope) -> None:
    taken = []
    look = StreamLook(running, microscope)
    for z_um in (0.0, 6.0, -3.0):
        microscope.move_z(z_um)
        taken.append(round(look.take(lambda: None).z_um, 3))
    assert taken == [0.0, 6.0, -3.0]
    microscope.move_z(START_UM)


def test_a_camera_unplugged_in_mid_check(running, microscope) -> None:
    def unplug(progress) -> None:
        if progress.text == "-2 µm":
            microscope.built_in.camera.fails_at = 0
            microscope.core.stopSequenceAcquisition()

    with pytest.raises(MicroscopeError, match="stopped during the spot check"):
        live_check(running, microscope, report=unplug).run()
    assert microscope.z_um == START_UM
    assert not microscope.core.getShutterOpen()


def test_a_session_that_has_ended_is_not_checked(running, microscope) -> None:
    running.stop()
    with pytest.raises(SpotCheckError, match="camera is not streaming"):
        live_check(running, microscope)


def test_without_a_model_there_is_nothing_to_check(microscope) -> None:
    live = LiveSession(microscope.camera_source(), None)
    with pytest.raises(SpotCheckError, match="No model is open"):
        live_check(live, microscope)
