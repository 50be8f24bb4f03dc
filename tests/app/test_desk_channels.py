"""The desk keeps to each channel the model that the profile names for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.desk import Desk
from deepz_live.app.live_opening import live_on
from deepz_live.config import Camera, ChannelSetting, Profile
from tests.app.live_fakes import Camera as ScriptedCamera
from tests.app.live_fakes import Engine


class Bundles:
    """Opens bundles that are not there, each by its name."""

    def engine(self, bundle: Path) -> Engine:
        engine = Engine()
        engine.bundle.name = bundle.name
        return engine


@pytest.fixture
def desk(tmp_path):
    """On two channels, the second of which has a model of its own."""
    (tmp_path / "own").mkdir()
    profile = Profile(
        name="worm",
        camera=Camera(width_px=64, height_px=64, exposure_ms=2.0),
        specimen={"kind": "worm"},
        filter_wheel={"switch_ms": 1.0},
        channels=(
            ChannelSetting(name="TexasRed"),
            ChannelSetting(name="FITC", bundle=Path("own")),
        ),
        folder=tmp_path,
    )
    with open_microscope(profile) as microscope:
        desk = Desk(Bundles(), microscope=microscope)
        desk.begin(lambda: live_on(microscope.camera_source(), Engine(), microscope))
        yield desk
        desk.close()


def models(desk):
    """Name of the model of each channel that streams."""
    live = desk.live
    names = live.channels or (live.source.info.channel,)
    return {name: live.engines.get(name, live.engine).bundle.name for name in names}


def test_a_channel_alone_has_its_own_model_also_after_the_microscope_was_lent(desk):
    assert models(desk) == {"TexasRed": "fake"}
    desk.open_channels(("TexasRed", "FITC"))
    assert models(desk) == {"TexasRed": "fake", "FITC": "own"}
    desk.open_channels(("FITC",))
    assert models(desk) == {"FITC": "own"}
    desk.borrow(lambda microscope: microscope.set_exposure(3.0), "the exposure is changed")
    assert models(desk) == {"FITC": "own"}
    desk.borrow(lambda microscope: microscope.set_channel("TexasRed"), "the channel is changed")
    assert models(desk) == {"TexasRed": "fake"}


def test_a_bundle_that_is_opened_serves_the_channel_that_is_seen_alone(desk, tmp_path):
    desk.open_channels(("FITC",))
    desk.open_bundle(tmp_path / "new")
    assert models(desk) == {"FITC": "new"}
    desk.borrow(lambda microscope: microscope.set_exposure(3.0), "the exposure is changed")
    assert models(desk) == {"FITC": "new"}
    desk.open_channels(("TexasRed", "FITC"))
    assert models(desk) == {"TexasRed": "new", "FITC": "own"}


def test_what_does_not_start_leaves_the_channel_its_model(desk, tmp_path, monkeypatch):
    desk.open_channels(("FITC",))
    source = ScriptedCamera(())
    monkeypatch.setattr(source, "start", lambda: 1 / 0)
    monkeypatch.setattr(Bundles, "replay", lambda _self, _folder: source, raising=False)
    with pytest.raises(ZeroDivisionError):
        desk.open_replay(tmp_path)
    assert models(desk) == {"FITC": "own"}


def test_a_replay_leaves_the_channels_their_running_models(desk, tmp_path, monkeypatch):
    desk.open_channels(("FITC",))
    own = desk.live.engine
    source = ScriptedCamera(())
    monkeypatch.setattr(Bundles, "replay", lambda _self, _folder: source, raising=False)
    desk.open_replay(tmp_path)
    assert not own.closed
    desk.open_replay(tmp_path)
    assert not own.closed
    assert desk.stream_live().engine is own
    desk.close()
    assert own.closed


def test_a_first_session_of_one_channel_has_its_model_and_the_others_theirs(desk):
    microscope, usual, own = desk.microscope, Engine(), Engine()
    desk.lend().set_channel("FITC")
    own.bundle.name = "own"
    other = Desk(Bundles(), microscope=microscope, engine=usual, engines={"FITC": own})
    live = other.begin(
        lambda: live_on(microscope.camera_source(), usual, microscope, engines={"FITC": own})
    )
    assert live.engine is own
    other.open_channels(("TexasRed", "FITC"))
    assert models(other) == {"TexasRed": "fake", "FITC": "own"}
    other.close()
