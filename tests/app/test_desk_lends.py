"""The desk lends its microscope and streams again, as the microscope is then."""

from __future__ import annotations

import pytest

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.desk import Desk, DeskError
from deepz_live.app.live_opening import live_on
from deepz_live.config import Camera, Profile


@pytest.fixture
def desk():
    profile = Profile(name="tiny", camera=Camera(width_px=64, height_px=64))
    with open_microscope(profile) as microscope:
        desk = Desk(microscope=microscope)
        desk.begin(lambda: live_on(microscope.camera_source(), None, microscope))
        yield desk
        desk.close()


def test_a_lent_microscope_streams_nothing_until_it_is_taken_back(desk):
    first = desk.live
    microscope = desk.lend()
    assert not microscope.core.isSequenceRunning()
    assert desk.lend() is microscope
    microscope.set_exposure(7.0)
    desk.take_back()
    assert desk.live is not first
    assert microscope.core.isSequenceRunning()
    assert desk.live.source.info.exposure_ms == 7.0


def test_taking_back_what_was_not_lent_changes_nothing(desk):
    live = desk.live
    desk.take_back()
    assert desk.live is live


def test_nothing_is_lent_while_a_recording_runs(desk, tmp_path):
    desk.live.start_recording(tmp_path / "session")
    with pytest.raises(DeskError, match="stop it"):
        desk.lend()
    assert desk.microscope.core.isSequenceRunning()
    desk.live.stop_recording()


def test_without_a_microscope_the_cure_is_told():
    with pytest.raises(DeskError, match="open a profile"):
        Desk().lend()
