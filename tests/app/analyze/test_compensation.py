"""A compensated replay of a moving specimen stands still, against the truth and to the eye."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from deepz_live.app.analyze.compensation import measure_compensation
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.analyze.rehearsal import record
from deepz_live.app.export.frames import refocused_frames
from deepz_live.app.live import LiveSession
from deepz_live.config import Profile
from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut
from deepz_live.refocus.engine import open_engine
from deepz_live.refocus.view import ViewRequest
from deepz_live.session.reader import read_session
from deepz_live.session.replay import ReplaySource

CUTS = (PlaneCut(0.0), ProjectionCut("max"))


@pytest.fixture(scope="module")
def engine():
    with closing(open_engine(shipped_bundle(), provider="CPU", threads=1)) as opened:
        yield opened


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """Beads in a volume that wander by up to 3 µm along z and 2 µm sideways, 8 frames."""
    folder = tmp_path_factory.mktemp("moving") / "s"
    data = Profile(name="beads").model_dump()
    data["specimen"] |= {"kind": "beads-volume", "seed": 31, "beads_per_100um2": 0.4}
    data["camera"] |= {"width_px": 192, "height_px": 192}
    data["stage"]["drift"] |= {"kind": "sine", "axial_um": 3.0, "lateral_um": 2.0}
    record(
        Profile.model_validate(data), folder, channels=("TexasRed",), rounds_hz=0.4, seconds=20.0
    )
    return read_session(folder)


@pytest.mark.slow
def test_what_is_left_of_the_movement_is_within_what_was_promised(moving, engine):
    found = measure_compensation(moving, engine)
    assert found["moved_um"]["axial"] > 1.0
    assert found["moved_um"]["lateral"] > 1.0
    assert found["residual_um"]["lateral"] <= 0.2
    assert found["residual_um"]["axial"] <= 0.5
    # The beads in the compensated picture itself say the same, and know nothing of the truth.
    assert found["seen_um"] <= 0.25
    assert (found["flagged"], found["beyond_range"]) == (0, 0)


@pytest.mark.slow
def test_a_replay_shows_what_was_measured(moving, engine):
    live = LiveSession(
        ReplaySource(moving, speed=None),
        engine,
        request=ViewRequest(CUTS, compensate=True),
        every_frame=True,
    )
    live.start()
    assert live.wait_finished(60.0)
    live.stop()
    assert live.error is None
    *_, last = refocused_frames(moving, range(len(moving)), engine, CUTS, compensate=True)
    shown = live.latest_result()
    assert shown.frame.index == last.frame.index
    for seen, measured in zip(shown.images, last.images, strict=True):
        np.testing.assert_array_equal(seen, measured)
    assert abs(last.shift.dy_px) + abs(last.shift.dx_px) > 0.5


def test_a_session_without_the_truth_cannot_be_judged(tmp_path, moving, engine):
    with offline_recording(tmp_path / "s", moving.info, settings={}) as recording:
        for number in range(2):
            recording.add(moving.frame(number))
    with pytest.raises(AnalysisError, match="does not say how its sample moved"):
        measure_compensation(read_session(tmp_path / "s"), engine)
