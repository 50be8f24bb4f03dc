"""The live session: every frame is recorded, whatever refocusing does; replay repeats it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.app.live import LiveSession
from deepz_live.app.live_facts import recorded_digests, recorded_provider
from deepz_live.config import Optics
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import BundleFacts
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.view import ViewRequest
from deepz_live.session.errors import SessionError
from deepz_live.session.reader import read_session
from deepz_live.session.replay import ReplaySource
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.source import SourceError

SIDE = 64
PIXEL_UM = 0.65
Z_UM = tuple(np.arange(-6.0, 6.1, 0.5))
INFO = StreamInfo((SIDE, SIDE), "uint16", PIXEL_UM, 20.0, "TexasRed", 20.0, "test")
WAIT_S = 20.0
KEYS = {
    "frames_captured", "frames_refocused", "frames_recorded", "frames_lost",
    "frames_skipped_for_view", "planes", "camera_fps", "refocus_fps", "latency_ms_p50",
    "latency_ms_p95", "drift_rmse_um", "provider", "session",
}  # fmt: skip
FACTS = BundleFacts(
    network="planes",
    width=0.1,
    z_planes_um=Z_UM,
    pixel_size_um=PIXEL_UM,
    optics=Optics(),
    channel="TexasRed",
    exposure_ms=20.0,
    normalization=Normalization(background_counts=0, scale_counts=1000),
    intensity_counts=(0, 1000),
    multiple=1,
    margin_px=0,
)


def drift_um(time_s: float) -> tuple[float, float, float]:
    return 1.5 * np.sin(time_s), 0.1 * time_s, -0.2 * time_s


def frame(index: int) -> Frame:
    pixels = np.random.default_rng(index).integers(100, 1000, (SIDE, SIDE), dtype=np.uint16)
    pixels[0, 0] = index
    return Frame(pixels, index, 0.1 * index, 0.0, 20.0, "TexasRed")


@dataclass
class Source:
    """Gives ``count`` frames; ``fail_after`` makes it raise instead of the next one."""

    count: int
    fail_after: int | None = None
    info: StreamInfo = INFO
    lost: int = 0
    given: int = field(default=0)
    stopped: bool = False

    @property
    def finished(self) -> bool:
        return self.given >= self.count or self.stopped

    def start(self) -> None:
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    def read(self, timeout_s: float) -> Frame | None:
        if self.given == self.fail_after:
            raise SourceError("The camera was unplugged; plug it in.")
        if self.finished:
            return None
        self.given += 1
        return frame(self.given - 1)


class Engine:
    """Beads where the true drift has taken them, so that drift can be measured and checked."""

    provider = "fake"
    reason = "test"

    def __init__(self, fails: bool = False, sha256: str = "a" * 64) -> None:
        identity = {"name": "fake", "sha256": sha256}
        self.bundle = SimpleNamespace(facts=FACTS, sha256=sha256, identity=lambda: identity)
        self.fails = fails
        self.frames = 0
        self.allowed = threading.Event()
        self.allowed.set()

    def volume(self, pixels):
        self.allowed.wait(WAIT_S)
        self.frames += 1
        if self.fails:
            raise ValueError("the network is broken")
        return beads(drift_um(0.1 * int(pixels[0, 0])))

    def surface(self, pixels, dpm):
        raise NotImplementedError

    def close(self) -> None:
        pass


def beads(drift: tuple[float, float, float]) -> np.ndarray:
    width = SIDE * PIXEL_UM
    points = np.random.default_rng(0).uniform([-3, 0, 0], [3, width, width], (25, 3))
    grid = np.arange(SIDE) * PIXEL_UM
    out = np.zeros((len(Z_UM), SIDE, SIDE), np.float32)
    for z, y, x in points + np.array(drift):
        wide = 1 + ((np.array(Z_UM) - z) / 1.5) ** 2
        gy, gx = (np.exp(-((grid - c) ** 2) / wide[:, None]) for c in (y, x))
        out += (1000 / wide[:, None, None] * gy[:, :, None] * gx[:, None, :]).astype(np.float32)
    return out


def live(source, engine, **options) -> LiveSession:
    options.setdefault("request", ViewRequest((PlaneCut(-2.0), PlaneCut(0.0), PlaneCut(2.0))))
    return LiveSession(source, engine, **options)


def run(session: LiveSession) -> LiveSession:
    session.start()
    try:
        assert session.wait_finished(WAIT_S)
    finally:
        session.stop()
    return session


def test_engine_that_raises_costs_no_recorded_frame(tmp_path: Path):
    session = run(live(Source(40), Engine(fails=True), record_to=tmp_path / "s", every_frame=True))
    assert "the network is broken" in str(session.error)
    assert session.broken is session.error  # nothing is recorded any more
    summary = session.summary()
    assert summary["frames_captured"] == summary["frames_recorded"] == 40
    assert summary["frames_refocused"] == 0
    recorded = read_session(tmp_path / "s")
    assert [recorded.frame(i).index for i in range(len(recorded))] == list(range(40))
    np.testing.assert_array_equal(recorded.frame(17).pixels, frame(17).pixels)
    errors = [event["message"] for event in recorded.events if event["kind"] == "error"]
    assert errors == ["the network is broken"] * 40


def test_a_network_that_fails_beside_a_recording_leaves_something_to_go_on_for(tmp_path: Path):
    session = live(Source(40), Engine(fails=True), every_frame=True)
    session.start_recording(tmp_path / "s")
    try:
        session.start()
        assert session.wait_finished(WAIT_S)
        assert session.error is not None
        assert session.broken is None
    finally:
        session.stop()


def test_network_that_hangs_costs_no_recorded_frame(tmp_path: Path):
    engine = Engine()
    engine.allowed.clear()
    session = live(Source(30), engine, record_to=tmp_path / "s")
    session.start()
    assert session._hub.wait_finished(WAIT_S)
    while session.status().recorded < 30:  # the writer needs no network, only a moment
        assert session.status().dropped == 0
    assert len(read_session(tmp_path / "s")) == 30
    engine.allowed.set()
    assert session.wait_finished(WAIT_S)
    session.stop()
    summary = session.summary()
    assert summary["frames_recorded"] == 30
    assert summary["frames_refocused"] + summary["frames_skipped_for_view"] == 30


def test_summary_has_the_keys_of_the_command_line_and_the_drift_against_the_truth():
    truth = SimpleNamespace(drift_um=drift_um)
    summary = run(live(Source(30), Engine(), every_frame=True, truth=truth)).summary()
    assert set(summary) == KEYS
    assert summary["frames_refocused"] == 30
    assert summary["planes"] == 3
    assert summary["drift_rmse_um"]["axial"] < 0.1
    assert summary["drift_rmse_um"]["lateral"] < 0.2
    assert summary["session"] is None


def test_a_recording_keeps_the_true_drift_where_it_is_known(tmp_path: Path):
    truth = SimpleNamespace(drift_um=drift_um)
    run(live(Source(6), Engine(), every_frame=True, truth=truth, record_to=tmp_path / "s"))
    recorded = read_session(tmp_path / "s")
    assert len(recorded.results) == 6
    for line in recorded.results:
        time_s = recorded.frame(line["index"]).time_s
        assert line["true_drift_um"] == pytest.approx(drift_um(time_s))


def test_raw_only_shows_and_records(tmp_path: Path):
    session = run(live(Source(5), None, record_to=tmp_path / "s"))
    assert session.latest_frame().index == 4
    assert session.latest_result() is None
    assert session.summary()["frames_recorded"] == 5
    assert session.summary()["provider"] is None
    with pytest.raises(RefocusError, match="open a bundle"):
        session.set_view(ViewRequest())


def test_replay_of_every_frame_gives_the_same_digests(tmp_path: Path):
    first = run(live(Source(12), Engine(), record_to=tmp_path / "s", every_frame=True))
    recorded = read_session(tmp_path / "s")
    assert len(recorded.results) == 12
    engine = Engine()
    again = live(
        ReplaySource(recorded, speed=None),
        engine,
        every_frame=True,
        expected_digests=recorded_digests(recorded, engine),
    )
    summary = run(again).summary()
    assert summary["planes_compared"] == summary["planes_identical"] == 12
    assert summary["frames_refocused"] == 12
    assert set(summary) == KEYS | {"planes_compared", "planes_identical"}
    assert [s.dz_um for s in again.drift_history()] == [s.dz_um for s in first.drift_history()]


def test_digests_of_another_bundle_are_not_compared(tmp_path: Path):
    run(live(Source(3), Engine(), record_to=tmp_path / "s", every_frame=True))
    recorded = read_session(tmp_path / "s")
    assert recorded_digests(recorded, Engine(sha256="b" * 64)) is None


class FallingEngine(Engine):
    """Its first provider fails at the fifth frame."""

    @property
    def provider(self) -> str:
        return "fast" if self.frames < 5 else "slow"

    @property
    def notes(self) -> tuple[str, ...]:
        return () if self.frames < 5 else ("fast failed while running; going on with slow.",)


def test_provider_that_fails_in_mid_stream_is_said_and_only_like_digests_are_compared(
    tmp_path: Path,
):
    first = run(live(Source(8), FallingEngine(), record_to=tmp_path / "s", every_frame=True))
    assert "fast failed while running; going on with slow." in first.latest_result().warnings
    assert first.summary()["provider"] == "slow"
    recorded = read_session(tmp_path / "s")
    assert [line["provider"] for line in recorded.results] == ["fast"] * 4 + ["slow"] * 4
    assert recorded_provider(recorded) == "fast"
    again = FallingEngine()
    digests = recorded_digests(recorded, again)
    assert sorted(digests) == [0, 1, 2, 3]
    again.frames = 2  # falls at the third frame of the replay already
    source = ReplaySource(recorded, speed=None)
    summary = run(live(source, again, every_frame=True, expected_digests=digests)).summary()
    assert summary["planes_compared"] == summary["planes_identical"] == 2


def test_latency_of_a_replay_is_not_the_age_of_the_recording(tmp_path: Path):
    run(live(Source(3), None, record_to=tmp_path / "s"))
    source = ReplaySource(read_session(tmp_path / "s"), speed=None)
    summary = run(live(source, Engine(), every_frame=True)).summary()
    assert 0 <= summary["latency_ms_p50"] < 1e3 * WAIT_S


def test_view_changes_and_references_are_in_the_recording(tmp_path: Path):
    session = live(Source(4), Engine(), record_to=tmp_path / "s", every_frame=True)
    session.start()
    session.set_view(ViewRequest((PlaneCut(1.0),)))
    assert session.wait_finished(WAIT_S)
    session.stop()
    kinds = [(e["kind"], e.get("distances_um")) for e in read_session(tmp_path / "s").events]
    assert ("view", [1.0]) in kinds
    assert "reference" in [kind for kind, _ in kinds]


def test_folder_in_use_is_refused_and_nothing_keeps_running(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    session = live(Source(4), Engine(), record_to=tmp_path)
    with pytest.raises(SessionError, match="not empty"):
        session.start()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_camera_that_fails_leaves_a_readable_recording_that_says_why(tmp_path: Path):
    session = run(live(Source(10, fail_after=6), None, record_to=tmp_path / "s"))
    assert "unplugged" in str(session.error)
    recorded = read_session(tmp_path / "s")
    assert len(recorded) == 6
    assert "unplugged" in recorded.manifest.error


def test_recording_can_start_and_stop_while_live(tmp_path: Path):
    gate = threading.Semaphore(0)

    class Gated(Source):
        def read(self, timeout_s: float) -> Frame | None:
            return super().read(timeout_s) if gate.acquire(timeout=0.05) else None

    session = live(Gated(100), None)
    session.start()
    try:
        session.start_recording(tmp_path / "one")
        with pytest.raises(SessionError, match="is running"):
            session.start_recording(tmp_path / "two")
        gate.release(3)
        while session.status().recorded < 3:
            assert session._hub.error is None
        session.stop_recording()
        assert not session.recording
    finally:
        session.stop()
    assert len(read_session(tmp_path / "one")) == 3
    assert session.summary()["frames_recorded"] == 3


def test_stopping_twice_is_harmless():
    session = run(live(Source(2), Engine()))
    session.stop()
    assert session.finished
