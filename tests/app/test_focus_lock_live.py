"""The focus lock in a live session, and on the built-in microscope with the shipped model."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.focus_lock import FocusLock, FocusLockSettings
from deepz_live.config import Profile
from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.drift import DriftEstimator
from deepz_live.refocus.engine import open_engine
from deepz_live.refocus.errors import RefocusError
from deepz_live.session.reader import read_session
from deepz_live.stream.frame import Frame
from tests.app.test_focus_lock import Stage32
from tests.app.test_live import WAIT_S, Engine, Source, beads, drift_um, frame, live
from tests.clock import Time


def test_the_shipped_model_brings_the_focus_back_after_five_micrometres():
    """Real network, real registration, real stage: four frames after the jump it is in focus."""
    time = Time()
    profile = Profile(name="test", camera={"width_px": 192, "height_px": 192})
    with (
        open_microscope(profile, clock=time, sleep=time.sleep) as microscope,
        closing(open_engine(shipped_bundle(), threads=1)) as engine,
    ):
        jumped_at = time.now + 3.5
        microscope.built_in.view.drift = lambda t: (
            5.0 if t + microscope.built_in.view.began_s > jumped_at else 0.0,
            0.0,
            0.0,
        )
        facts = engine.bundle.facts
        estimator = DriftEstimator(facts.z_planes_um, microscope.pixel_size_um)
        lock = FocusLock(microscope)
        lock.lock()
        for _ in range(9):
            time.sleep(1.0)
            seen = microscope.snap()
            volume = engine.volume(seen.pixels)
            sample = estimator.measure(volume, time_s=seen.time_s, z_um=seen.z_um)
            lock.step(sample, seen.z_um)
            if time.now > jumped_at:
                # The drift is the sample's, wherever the stage has gone meanwhile.
                assert sample.dz_um == pytest.approx(5.0, abs=0.4)
        assert lock.locked
        assert microscope.z_um == pytest.approx(5.0, abs=0.5)


class FollowingEngine(Engine):
    """Shows the sample relative to the stage: pixel (0, 1) tells its height in 0.01 µm + 300."""

    def volume(self, pixels):
        self.frames += 1
        dz, dy, dx = drift_um(0.1 * int(pixels[0, 0]))
        return beads((dz - (int(pixels[0, 1]) - 30000) / 100, dy, dx))


class Microscope(Source):
    """Frames that know where the stage was."""

    def __init__(self, count: int, stage: Stage32) -> None:
        super().__init__(count)
        self.stage = stage

    def read(self, timeout_s: float) -> Frame | None:
        if self.finished:
            return None
        self.given += 1
        old, z_um = frame(self.given - 1), self.stage.z_um
        self.stage.now = old.time_s
        old.pixels[0, 1] = round(30000 + 100 * z_um)
        return Frame(old.pixels, old.index, old.time_s, z_um, 20.0, "TexasRed")


def test_recorded_drift_is_the_samples_while_the_stage_follows_it(tmp_path: Path):
    stage = Stage32()
    lock = FocusLock(stage, FocusLockSettings(settle_s=0.0))
    session = live(
        Microscope(40, stage),
        FollowingEngine(),
        record_to=tmp_path / "s",
        every_frame=True,
        focus_lock=lock,
    )
    session.set_focus_lock(True)
    session.start()
    assert session.wait_finished(WAIT_S)
    session.stop()
    assert session.error is None
    status = session.status().focus
    assert status.moves > 0
    assert stage.z_um != 0
    recorded = read_session(tmp_path / "s")
    true_um = {i: drift_um(0.1 * i)[0] for i in range(40)}
    drift = {line["index"]: line["dz_um"] for line in recorded.results if "dz_um" in line}
    assert len(drift) > 10
    error = np.array([drift[i] - true_um[i] for i in drift])
    assert np.sqrt(np.mean(error**2)) < 0.1
    kinds = [event["kind"] for event in recorded.events]
    assert kinds.count("stage") == status.moves
    assert session.summary()["focus_lock"]["moves"] == status.moves


def test_without_a_model_or_a_stage_the_focus_cannot_be_locked():
    with pytest.raises(RefocusError, match="without a model"):
        live(Source(1), None, focus_lock=FocusLock(Stage32())).set_focus_lock(True)
    with pytest.raises(RefocusError, match="without a microscope"):
        live(Source(1), Engine()).set_focus_lock(True)
