"""Several channels in turn on the built-in worm: right labels, right rate, order at the end."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.acquire.channel_source import ChannelSource
from deepz_live.acquire.errors import MicroscopeError
from deepz_live.config import ChannelSetting
from deepz_live.stream.source import SourceError
from tests.acquire.conftest import Opener, small_profile
from tests.clock import Time

PAIR = (ChannelSetting(name="TexasRed", exposure_ms=30.0), ChannelSetting(name="FITC"))
SWITCH_S = 0.05


def worm(opened: Opener, **more):
    time = Time()
    profile = small_profile(
        camera={"exposure_ms": 50.0, "width_px": 96, "height_px": 96},
        specimen={"kind": "worm"},
        filter_wheel={"switch_ms": 1000 * SWITCH_S},
        channels=PAIR,
        **more,
    )
    return opened(profile, clock=time, sleep=time.sleep)


def likeness(pixels: np.ndarray, electrons: np.ndarray) -> float:
    return float(np.corrcoef(pixels.ravel(), electrons.ravel())[0, 1])


def test_every_frame_carries_the_channel_whose_light_is_in_it(opened: Opener):
    microscope = worm(opened)
    view = microscope.built_in.view
    source = ChannelSource(microscope, PAIR)
    source.start()
    frames = [source.read(1.0) for _ in range(12)]
    source.stop()
    assert [frame.channel for frame in frames] == ["TexasRed", "FITC"] * 6
    assert [frame.exposure_ms for frame in frames] == [30.0, 50.0] * 6
    assert [frame.index for frame in frames] == list(range(12))
    differ = []
    for frame in frames:
        true = {
            name: view._scene_of(name).electrons(
                view.stage_um(), (0.0, 0.0, 0.0), 50.0, frame.time_s - view.began_s
            )
            for name in ("TexasRed", "FITC")
        }
        alike = {name: likeness(frame.pixels, mean) for name, mean in true.items()}
        assert max(alike, key=lambda name: alike[name]) == frame.channel
        differ.append(max(alike.values()) - min(alike.values()))
    assert min(differ) > 0.02  # the channels do differ in truth


def test_the_rate_is_that_of_exposure_and_switching_and_what_limits_it_is_told(opened: Opener):
    microscope = worm(opened)
    source = ChannelSource(microscope, PAIR)
    source.start()
    begin = microscope.clock()
    for _ in range(20):
        assert source.read(1.0) is not None
    seconds = microscope.clock() - begin
    pace = source.pace
    source.stop()
    ideal_hz = 1 / (0.5 * (0.03 + 0.05) + SWITCH_S)
    assert 20 / seconds == pytest.approx(ideal_hz, rel=0.2)
    assert pace.frames_hz == pytest.approx(ideal_hz, rel=0.2)
    assert pace.cycle_hz == pytest.approx(ideal_hz / 2, rel=0.2)
    assert pace.limited_by == "switching"
    assert pace.switching_s == pytest.approx(SWITCH_S, rel=0.1)
    assert pace.frames == (10, 10)


def test_stream_info_names_the_channels_and_the_end_leaves_the_microscope_as_it_was(
    opened: Opener,
):
    microscope = worm(opened)
    source = ChannelSource(microscope, PAIR[::-1])
    assert source.info.channels == ("FITC", "TexasRed")
    assert (source.info.channel, source.info.exposure_ms) == ("FITC", 50.0)
    source.start()
    assert source.read(1.0).channel == "FITC"
    source.stop()
    source.stop()
    assert microscope.channel == "TexasRed"
    assert not microscope.core.getShutterOpen()
    assert source.finished
    assert source.read(1.0) is None
    source.start()  # after a calibration, say
    assert source.read(1.0).index == 0
    source.stop()


def test_a_wheel_that_somebody_else_turns_is_an_error_not_a_wrong_label(opened: Opener):
    microscope = worm(opened)
    source = ChannelSource(microscope, PAIR)
    source.start()
    microscope.core.setConfig("Channel", "FITC")
    with pytest.raises(SourceError, match="shows channel FITC where TexasRed was asked"):
        source.read(1.0)
    source.stop()


@pytest.mark.parametrize("names", [(), ("FITC",), ("FITC", "FITC"), ("FITC", "Cy5")])
def test_channels_that_cannot_be_taken_in_turn_are_refused(opened: Opener, names):
    with pytest.raises(MicroscopeError, match=r"TexasRed"):
        ChannelSource(worm(opened), [ChannelSetting(name=name) for name in names])


def test_a_camera_that_fails_names_the_channel(opened: Opener, monkeypatch: pytest.MonkeyPatch):
    microscope = worm(opened)
    source = ChannelSource(microscope, PAIR)
    source.start()
    source.read(1.0)

    def broken() -> None:
        raise RuntimeError("no trigger")

    monkeypatch.setattr(microscope.core, "snapImage", broken)
    with pytest.raises(SourceError, match=r"Channel FITC: .*no trigger"):
        source.read(1.0)
    source.stop()


def test_two_cameras_at_once_are_refused_with_what_to_do(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
):
    microscope = opened(small_profile(channels=[{"name": "TexasRed"}, {"name": "FITC"}]))
    monkeypatch.setattr(microscope.core, "getNumberOfCameraChannels", lambda: 2)
    monkeypatch.setattr(microscope.core, "getCameraChannelName", lambda number: "LR"[number])
    with pytest.raises(MicroscopeError, match="2 cameras at once, L and R, and one is wanted"):
        ChannelSource(microscope, PAIR)
