"""Several channels live: each refocused with its engine, recorded with its name, paired by time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.app.live_facts import recorded_digests
from deepz_live.app.live_opening import channel_engines, channel_settings
from deepz_live.config import ChannelSetting, Profile
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.view import RefocusResult, ViewRequest
from deepz_live.session.reader import read_session
from deepz_live.session.replay import ReplaySource
from deepz_live.stream.frame import Frame
from tests.app.test_live import INFO, WAIT_S, Z_UM, Engine, Source, drift_um, frame, live, run

NAMES = ("structure", "activity")


class TwoChannels(Source):
    """Frames that take turns: even ones of the first channel."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.info = replace(INFO, channels=NAMES, channel=NAMES[0])

    def read(self, timeout_s: float) -> Frame | None:
        given = super().read(timeout_s)
        return None if given is None else replace(given, channel=NAMES[given.index % 2])


def engines() -> tuple[Engine, Engine]:
    return Engine(sha256="a" * 64), Engine(sha256="b" * 64)


def two(count: int, first: Engine, second: Engine, source=None, **options):
    return live(
        source or TwoChannels(count),
        first,
        engines=dict(zip(NAMES, (first, second), strict=True)),
        every_frame=True,
        **options,
    )


def test_each_channel_has_its_engine_and_results_say_whose_they_are(tmp_path: Path):
    first, second = engines()
    session = run(two(12, first, second, record_to=tmp_path / "s"))
    assert (first.frames, second.frames) == (6, 6)
    assert session.latest_result("structure").frame.index == 10
    assert session.latest_result("activity").frame.index == 11
    assert session.latest_frame("structure").index == 10
    summary = session.summary()
    assert summary["channels"]["names"] == list(NAMES)
    assert summary["channels"]["pairs"] == 6
    pair = session.latest_pair()
    assert [result.frame.channel for result in pair] == list(NAMES)
    assert abs(pair[0].frame.time_s - pair[1].frame.time_s) == pytest.approx(0.1)


def test_the_recording_keeps_every_frames_channel_and_replays_with_both_models(tmp_path: Path):
    first, second = engines()
    run(two(12, first, second, record_to=tmp_path / "s"))
    recorded = read_session(tmp_path / "s")
    assert recorded.info.channels == NAMES
    for i in range(12):
        kept = recorded.frame(i)
        assert kept.channel == NAMES[kept.index % 2]
        np.testing.assert_array_equal(kept.pixels, frame(kept.index).pixels)
    assert recorded.manifest.bundle["channels"]["activity"]["sha256"] == "b" * 64
    again = dict(zip(NAMES, engines(), strict=True))
    digests = recorded_digests(recorded, again["structure"], again)
    session = run(
        two(0, *again.values(), source=ReplaySource(recorded, speed=None), expected_digests=digests)
    )
    summary = session.summary()
    assert summary["planes_compared"] == summary["planes_identical"] == 12
    assert summary["channels"]["pairs"] == 6
    half = recorded_digests(recorded, again["structure"])
    assert sorted(half) == list(range(0, 12, 2))  # the other channel had another model


def test_a_replay_at_rest_shows_what_is_asked_for_in_both_channels_of_one_model(tmp_path: Path):
    engine = Engine()
    run(two(12, engine, engine, record_to=tmp_path / "s"))
    source = ReplaySource(read_session(tmp_path / "s"), hold_at_end=True)
    source.pause()
    source.seek(7)
    session = live(source, engine, engines=dict.fromkeys(NAMES, engine))

    def at(*indices: int) -> tuple[RefocusResult, ...]:
        """The newest pair, once it is of these frames."""
        for _ in range(400):
            for name in NAMES:  # answered once a changed view has been made
                session.ask(lambda _: None, name).result(WAIT_S)
            pair = session.latest_pair()
            if pair is not None and tuple(one.frame.index for one in pair) == indices:
                return pair
        raise AssertionError(f"the pair of frames {indices} did not come")

    session.start()
    try:
        at(6, 7)
        for depths_um in ((1.0,), (-1.0, 2.0)):
            session.set_view(ViewRequest(tuple(PlaneCut(depth) for depth in depths_um)))
            for one in at(6, 7):
                volume = engine.volume(one.frame.pixels)
                planes = [volume[Z_UM.index(depth)] for depth in depths_um]
                np.testing.assert_allclose(one.images, planes, rtol=1e-5)
        source.seek(4)
        at(4, 3)
    finally:
        session.stop()


def test_drift_is_measured_in_the_first_channel_alone(tmp_path: Path):
    """Brightness that changes by itself in the other one is no movement."""
    session = run(two(12, *engines()))
    samples = session.drift_history()
    assert [sample.time_s for sample in samples] == pytest.approx([0.2 * i for i in range(6)])
    true = [drift_um(sample.time_s)[0] for sample in samples]
    assert [sample.dz_um for sample in samples] == pytest.approx(true, abs=0.15)
    assert session.latest_result("activity").drift is None


def test_warnings_name_the_channel_that_a_model_was_not_made_for():
    first, second = engines()
    session = two(2, first, second)
    warned = " ".join(session.warnings)
    assert "'structure' is not the model's 'TexasRed'" in warned
    assert "'activity' is not the model's 'TexasRed'" in warned
    run(session)


def test_a_view_must_suit_every_model():
    first, second = engines()
    second.bundle.facts = second.bundle.facts.model_copy(
        update={"z_planes_um": tuple(np.arange(-2.0, 2.1, 0.5))}
    )
    with pytest.raises(RefocusError):
        two(1, first, second, request=ViewRequest((PlaneCut(-4.0), PlaneCut(4.0))))
    session = two(1, first, second, request=ViewRequest((PlaneCut(-2.0), PlaneCut(2.0))))
    with pytest.raises(RefocusError):
        session.set_view(ViewRequest((PlaneCut(3.0),)))
    session.stop()


def test_a_bundle_that_two_channels_share_is_opened_and_closed_once(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    profile = Profile(
        name="test",
        channels=(
            ChannelSetting(name="A", bundle=Path("mine"), exposure_ms=5.0),
            ChannelSetting(name="B", bundle=Path("mine")),
            ChannelSetting(name="C", bundle=Path("worm_20x075")),
        ),
        folder=tmp_path,
    )
    asked: list[Path] = []
    closed: list[Engine] = []

    class Closing(Engine):
        def close(self) -> None:
            closed.append(self)

    def opener(path: Path) -> Engine:
        asked.append(path)
        return Closing()

    names = ("A", "B", "C", "D")
    microscope = SimpleNamespace(profile=profile, info=SimpleNamespace(channels=("B", "D")))
    with channel_engines(microscope, (), opener) as found:
        assert set(found) == {"B"}  # cameras that expose at once name themselves
    asked.clear()
    closed.clear()
    with channel_engines(microscope, names, opener) as found:
        assert asked == [tmp_path / "mine", Path("worm_20x075")]
        assert set(found) == {"A", "B", "C"}
        assert found["A"] is found["B"]
    assert len(closed) == 2
    assert [setting.exposure_ms for setting in channel_settings(profile, names)] == [
        *(5.0, None, None, None)
    ]
