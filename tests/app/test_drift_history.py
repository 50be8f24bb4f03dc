"""The newest samples, oldest first, whatever went before."""

from __future__ import annotations

import numpy as np

from deepz_live.app.drift_history import DriftHistory
from deepz_live.refocus.drift import DriftSample


def filled(count: int, kept: int = 10) -> DriftHistory:
    history = DriftHistory(kept)
    for index in range(count):
        history.add(DriftSample(float(index), 1.0, 2.0, 3.0, 0.5))
    return history


def test_the_newest_samples_are_kept_in_order():
    for count in (0, 1, 9, 10, 11, 25, 30):
        times = [sample.time_s for sample in filled(count).samples()]
        assert times == list(range(max(0, count - 10), count))


def test_the_last_ones_may_lie_across_the_seam():
    for count in (3, 12, 17, 20):
        for last in (1, 4, 10, 99):
            found = filled(count).table(last)[:, 0].tolist()
            assert found == list(range(max(0, count - min(last, 10)), count))


def test_a_sample_comes_back_as_it_was():
    assert filled(3).samples()[-1] == DriftSample(2.0, 1.0, 2.0, 3.0, 0.5)
    assert filled(3).table().dtype == np.float64
