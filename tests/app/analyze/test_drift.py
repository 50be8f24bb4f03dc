"""Drift of a whole recording against the truth, and the recording with the drift taken out."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from deepz_live.app.analyze.drift import COMPENSATED, analyze_drift, rmse
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.rehearsal import record
from deepz_live.config import Profile
from deepz_live.image.metrics import correlation
from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.drift import DriftSample
from deepz_live.refocus.engine import open_engine
from deepz_live.session.reader import SessionError, read_session


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Beads that drift by up to 2 µm in all directions, seen 3 µm out of focus, 12 frames."""
    folder = tmp_path_factory.mktemp("drift")
    data = Profile(name="beads").model_dump()
    data["specimen"] |= {"kind": "beads-flat", "seed": 77, "beads_per_100um2": 0.5}
    data["camera"] |= {"width_px": 192, "height_px": 192}
    data["stage"] |= {"z_start_um": 3.0}
    data["stage"]["drift"] |= {"kind": "sine", "axial_um": 2.0, "lateral_um": 2.0}
    profile = Profile.model_validate(data)
    known = record(profile, folder / "s", channels=("TexasRed",), rounds_hz=0.6, seconds=20.0)
    with closing(open_engine(shipped_bundle(), provider="CPU")) as engine:
        result = analyze_drift(folder / "s", engine.bundle, out=folder / "out", engine=engine)
    return known, result, folder


@pytest.mark.slow
def test_drift_is_measured_and_compared_with_the_truth(measured):
    known, result, _ = measured
    wanted = known.drift_um - known.drift_um[0]
    np.testing.assert_allclose(result.true_um, wanted, atol=1e-9)
    assert result.facts["rmse_um"] == rmse(list(result.samples), wanted)
    assert result.facts["rmse_um"]["axial"] < 0.5
    assert result.facts["rmse_um"]["lateral"] < 0.3
    assert result.facts["flagged"] == 0


@pytest.mark.slow
def test_the_compensated_recording_stands_still_and_is_in_focus(measured):
    _, result, folder = measured
    before, after = read_session(folder / "s"), read_session(folder / "out" / COMPENSATED)
    assert len(after) == len(before)
    assert after.manifest.bundle == dict(shipped_bundle().identity())
    assert after.manifest.settings["inferred"] is True
    assert result.facts["plane_um"] == pytest.approx(-3.0, abs=0.6)
    inner = np.s_[16:-16, 16:-16]
    first, raw = after.frame(0).pixels[inner], before.frame(0).pixels[inner]
    still = [correlation(first, after.frame(i).pixels[inner]) for i in range(1, len(after))]
    moved = [correlation(raw, before.frame(i).pixels[inner]) for i in range(1, len(before))]
    assert np.median(still) > 0.8
    assert np.median(still) > np.median(moved) + 0.1
    assert result.facts["sharper_after_compensation"] > 0.95


@pytest.mark.slow
def test_the_table_holds_measured_and_true_offsets(measured):
    _, result, folder = measured
    with (folder / "out" / "drift.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == result.index.tolist()
    assert float(rows[5]["dz_um"]) == pytest.approx(result.samples[5].dz_um, abs=1e-4)
    assert float(rows[5]["true_dz_um"]) == pytest.approx(result.true_um[5, 0], abs=1e-4)
    assert (folder / "out" / "drift.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "out" / "drift.json").read_text())["frames"] == len(rows)


@pytest.mark.slow
def test_nothing_is_written_over_a_compensated_recording(measured):
    _, _, folder = measured
    with (
        closing(open_engine(shipped_bundle(), provider="CPU")) as engine,
        pytest.raises(SessionError, match="is not empty"),
    ):
        analyze_drift(folder / "s", engine.bundle, out=folder / "out", engine=engine)


def test_errors_are_axial_and_lateral_roots_of_mean_squares():
    samples = [DriftSample(0, 0, 0, 0, 1), DriftSample(1, 1.0, 3.0, 4.0, 1)]
    assert rmse(samples, np.zeros((2, 3))) == pytest.approx(
        {"axial": 0.5**0.5, "lateral": 12.5**0.5}
    )


def test_a_channel_or_plane_that_is_not_there_is_refused(tmp_path: Path):
    data = Profile(name="beads").model_dump()
    data["camera"] |= {"width_px": 64, "height_px": 64}
    profile = Profile.model_validate(data)
    record(profile, tmp_path / "s", channels=("TexasRed",), rounds_hz=2, seconds=1.0)
    bundle = shipped_bundle()
    with pytest.raises(AnalysisError, match=r"0 frame\(s\) of channel 'GFP' \(it has TexasRed\)"):
        analyze_drift(tmp_path / "s", bundle, out=tmp_path / "o", channel="GFP")
    with pytest.raises(AnalysisError, match="plane 40 µm lies outside"):
        analyze_drift(tmp_path / "s", bundle, out=tmp_path / "o", plane_um=40.0)
