"""The desk lets somebody have the microscope for a moment, and starts its stream anew."""

from __future__ import annotations

import pytest

from deepz_live.acquire.errors import LimitError
from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.desk import Desk, DeskError
from deepz_live.app.live_opening import live_on
from deepz_live.config import Camera, Profile
from deepz_live.session.replay import ReplaySource
from tests.app.live_fakes import WAIT_S


@pytest.fixture
def desk():
    profile = Profile(name="tiny", camera=Camera(width_px=64, height_px=64))
    with open_microscope(profile) as microscope:
        desk = Desk(microscope=microscope)
        desk.begin(lambda: live_on(microscope.camera_source(), None, microscope))
        yield desk
        desk.close()


def test_the_stream_stands_still_for_the_work_and_goes_on_as_it_left_things(desk):
    first, running = desk.live, []

    def work(microscope):
        running.append(microscope.core.isSequenceRunning())
        microscope.set_exposure(7.0)

    desk.borrow(work, "the exposure is changed")
    assert running == [False]
    assert desk.live is not first
    assert desk.microscope.core.isSequenceRunning()
    assert desk.live.source.info.exposure_ms == 7.0


def test_what_the_work_raises_is_told_and_the_stream_goes_on(desk):
    with pytest.raises(LimitError, match="outside"):
        desk.borrow(lambda microscope: microscope.move_z(1e6), "the stage is moved")
    assert desk.microscope.core.isSequenceRunning()


def test_nothing_is_borrowed_while_a_recording_runs_or_the_wizard_has_it(desk, tmp_path):
    def work(_):
        raise AssertionError("the microscope was given away")

    desk.live.start_recording(tmp_path / "session")
    with pytest.raises(DeskError, match="stop it \\(R\\) before the exposure is changed"):
        desk.borrow(work, "the exposure is changed")
    desk.live.stop_recording()
    desk.lend()
    with pytest.raises(DeskError, match="close its window before the exposure is changed"):
        desk.borrow(work, "the exposure is changed")
    desk.take_back()
    with pytest.raises(DeskError, match="open a profile"):
        Desk().borrow(work, "the exposure is changed")


def test_a_stream_that_broke_goes_on_with_the_microscope_as_it_is_set_now(desk):
    broken = desk.live
    desk.microscope.core.setProperty("Camera", "Binning", 2)
    assert broken._hub.wait_finished(WAIT_S)
    assert broken.ended
    again = desk.stream_live()
    assert again is desk.live is not broken
    assert not again.ended
    assert again.source.info.shape == (32, 32)
    assert desk.microscope.core.isSequenceRunning()


def test_a_camera_that_does_not_start_is_told_and_may_be_tried_again(desk, monkeypatch):
    camera = desk.microscope.built_in.camera
    with monkeypatch.context() as unplugged:
        unplugged.setattr(camera, "shape", lambda: 1 / 0)
        with pytest.raises(Exception, match="division"):
            desk.stream_live()
        assert desk.live.ended
    assert not desk.stream_live().ended


def test_after_a_replay_the_camera_streams_again(desk, tmp_path):
    desk.live.start_recording(tmp_path / "session")
    with pytest.raises(DeskError, match="stop it \\(R\\) before the live view begins anew"):
        desk.stream_live()
    while desk.live.status().recorded < 3:
        desk.live._hub.wait_finished(0.01)
    desk.live.stop_recording()
    desk.open_replay(tmp_path / "session")
    assert not desk.microscope.core.isSequenceRunning()
    live = desk.stream_live()
    assert not isinstance(live.source, ReplaySource)
    assert desk.microscope.core.isSequenceRunning()


def test_the_live_view_needs_a_microscope_that_nobody_else_has(desk):
    desk.lend()
    with pytest.raises(DeskError, match="close its window before the live view begins"):
        desk.stream_live()
    desk.take_back()
    with pytest.raises(DeskError, match="open a profile"):
        Desk().stream_live()
