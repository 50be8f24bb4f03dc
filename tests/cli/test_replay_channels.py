"""A recording of two channels, each refocused with its own model, is replayed with both again."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.channel_models import find_models
from deepz_live.app.desk import Desk, RealOpeners
from deepz_live.app.live import LiveSession
from deepz_live.app.live_opening import live_on
from deepz_live.model.bundle import load_bundle, shipped_bundle, shipped_path
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.session.reader import read_session
from deepz_live.session.replay import ReplaySource
from deepz_live.stream.frame import Frame, StreamInfo
from tests.cli.conftest import write_bundle

NAMES = ("structure", "activity")
FRAMES = 8
WAIT_S = 30.0


@pytest.fixture
def models(tmp_path: Path) -> tuple[Path, Path]:
    """Two bundles whose planes differ: the second one's are twice as bright."""
    return write_bundle(tmp_path / "first"), write_bundle(tmp_path / "second", gain=2.0)


def profile_with(bundle: Path) -> dict[str, Any]:
    """Settings of a profile beside which ``bundle`` lies, for the channel "activity"."""
    channels = [{"name": "structure"}, {"name": "activity", "bundle": bundle.name}]
    return {"name": "mine", "channels": channels, "folder": str(bundle.parent)}


def record(tmp_path: Path, models: tuple[Path, Path], settings: dict[str, Any]) -> Path:
    """Frames that take turns, refocused with both models, and the folder they are recorded in."""
    info = StreamInfo((16, 20), "uint16", 0.325, 10.0, "structure", 20.0, "test", NAMES)
    random = np.random.default_rng(0)
    with offline_recording(tmp_path / "raw", info, settings={}) as raw:
        for index in range(FRAMES):
            pixels = random.integers(100, 2000, (16, 20), dtype=np.uint16)
            raw.add(Frame(pixels, index, index / 10, 0.0, 20.0, NAMES[index % 2]))
    engines = [open_engine(load_bundle(path), provider="CPU") for path in models]
    with closing(engines[0]), closing(engines[1]):
        session = LiveSession(
            ReplaySource(read_session(tmp_path / "raw"), speed=None),
            engines[0],
            engines={"activity": engines[1]},
            every_frame=True,
            record_to=tmp_path / "session",
            settings=settings,
        )
        session.start()
        try:
            assert session.wait_finished(WAIT_S)
        finally:
            session.stop()
    return tmp_path / "session"


def replay(run, session: Path, model: Path, *words: object):
    fast = ("--speed", "max", "--headless", "--json")
    return run("replay", session, "--model", model, *words, *fast)


def test_each_channel_goes_through_the_model_it_was_recorded_with(run, tmp_path, models):
    session = record(tmp_path, models, profile_with(models[1]))
    done = replay(run, session, models[0])
    assert done.code == 0, done.err
    assert done.facts["frames_refocused"] == FRAMES
    assert done.facts["planes_compared"] == done.facts["planes_identical"] == FRAMES


def test_a_model_that_is_not_found_is_asked_for_and_given(run, tmp_path, models):
    session = record(tmp_path, models, settings={})
    sentence = replay(run, session, models[0]).sentence
    assert "Channel 'activity'" in sentence
    assert "bundle 'second'" in sentence
    assert "--channel-model activity=BUNDLE" in sentence
    done = replay(run, session, models[0], "--channel-model", f"activity={models[1]}")
    assert done.facts["planes_compared"] == done.facts["planes_identical"] == FRAMES
    other = replay(run, session, models[0], "--channel-model", f"activity={models[0]}")
    assert other.facts["planes_compared"] == other.facts["planes_identical"] == FRAMES / 2


def test_a_bundle_that_was_trained_again_is_another_one(run, tmp_path, models):
    session = record(tmp_path, models, profile_with(models[1]))
    shutil.rmtree(models[1])
    write_bundle(models[1], gain=3.0)
    assert "bundle 'second'" in replay(run, session, models[0]).sentence


def test_a_channel_that_the_session_does_not_have_is_named(run, tmp_path, models):
    session = record(tmp_path, models, profile_with(models[1]))
    done = replay(run, session, models[0], "--channel-model", f"FITC={models[1]}")
    assert "has structure, activity" in done.sentence


def test_the_window_gets_both_models(run, tmp_path, models, monkeypatch):
    session = record(tmp_path, models, profile_with(models[1]))
    seen: list[tuple[str, dict[str, str]]] = []

    def window(make, **_: object) -> LiveSession:
        live = make()
        own = {name: engine.bundle.name for name, engine in live.engines.items()}
        seen.append((live.engine.bundle.name, own))
        live.stop()
        return live

    monkeypatch.setattr("deepz_live.gui.app.run_window", window)
    done = run("replay", session, "--model", models[0], "--json")
    assert done.code == 0, done.err
    assert seen == [("first", {"activity": "second"})]


class Counted(RealOpeners):
    """Notes which engines it opened were closed again."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def engine(self, bundle: Path) -> Engine:
        engine = super().engine(bundle)
        close = engine.close

        def noted() -> None:
            self.closed.append(bundle.name)
            close()

        engine.close = noted
        return engine


def test_a_recording_opened_in_the_window_keeps_its_models_or_says_what_is_missing(
    tmp_path, models
):
    session = record(tmp_path, models, profile_with(models[1]))
    openers = Counted()
    desk = Desk(openers)
    with closing(open_engine(load_bundle(models[0]), provider="CPU")) as first, closing(desk):
        raw = ReplaySource(read_session(tmp_path / "raw"))
        desk.begin(lambda: live_on(raw, first, None))
        live = desk.open_replay(session)
        assert {name: one.bundle.name for name, one in live.engines.items()} == {
            "activity": "second"
        }
        assert "recorded with" not in " ".join(live.warnings)
        assert openers.closed == []
        shutil.rmtree(models[1])
        live = desk.open_replay(session)
        assert openers.closed == ["second"]
        assert live.engines == {}
        assert "'activity' was recorded with bundle 'second', which is" in " ".join(live.warnings)
        assert "'first' refocuses it" in " ".join(live.warnings)


def test_models_that_ship_are_found_by_their_name():
    main = shipped_bundle()
    other = load_bundle(Path("worm_20x075"))
    recorded = {"A": main.identity(), "B": other.identity(), "C": {"name": "x", "sha256": "0"}}
    manifest = SimpleNamespace(bundle={"channels": recorded}, settings={})
    found = find_models(SimpleNamespace(manifest=manifest), main)
    assert found == {"B": shipped_path().with_name("worm_20x075"), "C": None}
