"""A worm out of focus, its drift and its compensated recording, against the truth."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from deepz_live.app.analyze.known_drift import Trial, measure_drift
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import open_engine


@pytest.mark.slow
def test_a_worm_out_of_focus_is_brought_nearer_to_the_worm_in_focus(tmp_path: Path):
    trial = Trial(seed=952, defocus_um=6.0, side_px=160, frames=5)
    with closing(open_engine(load_bundle(Path("worm_20x075")), provider="CPU")) as engine:
        facts = measure_drift(trial, engine, tmp_path)
    low, high = facts["between_um"]
    assert 2.0 <= low < 6.5  # it begins 6 µm above the focus and moves by up to 4
    assert high <= 10.0
    assert facts["ssim_compensated"] > facts["ssim_raw"]
    assert facts["ssim_better"] > 0.5
    assert facts["correlation_better"] > 0.5
    assert facts["truth"]["sharper"] == 1.0  # 6 µm out of focus nothing else is in focus
    assert facts["truth"]["more_detail"] == 1.0
    assert facts["rmse_um"]["axial"] < 0.5
    assert facts["plane_um"] == pytest.approx(facts["true_plane_um"])
    assert len(facts["curves"]["true_um"]) == 5
