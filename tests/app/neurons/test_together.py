"""Traces side by side: averages over time are those of the integral."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid

from deepz_live.app.neurons.together import evenly, mean_of, spread


def test_averages_are_those_of_the_trapezium_rule_over_each_stretch():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.05, 0.4, 90))
    traces = rng.normal(size=(3, 90))
    found = evenly(traces, times, columns=17)
    edges = np.linspace(times[0], times[-1], 18)
    fine = np.union1d(np.linspace(times[0], times[-1], 17 * 400 + 1), times)
    for row, trace in enumerate(traces):
        values = np.interp(fine, times, trace)
        for column in range(17):
            inside = (fine >= edges[column] - 1e-12) & (fine <= edges[column + 1] + 1e-12)
            wanted = trapezoid(values[inside], fine[inside]) / (edges[1] - edges[0])
            assert found[row, column] == pytest.approx(wanted, abs=1e-4)


def test_no_more_columns_than_frames_and_a_single_frame_as_it_is():
    assert evenly(np.ones((2, 5)), np.arange(5.0)).shape == (2, 5)
    np.testing.assert_array_equal(evenly(np.array([[3.0]]), np.zeros(1)), [[3.0]])
    np.testing.assert_allclose(evenly(np.full((1, 2000), 0.7), np.arange(2000) / 100), 0.7)


def test_levels_hold_nearly_all_and_are_never_the_same():
    low, high = spread(np.append(np.linspace(0, 1, 1000), [50.0, np.nan]))
    assert (low, high) == pytest.approx((0.01, 0.99), abs=0.01)
    assert spread(np.zeros(4)) == (-0.5, 0.5)
    assert spread(np.full(3, np.nan)) == (0.0, 1.0)


def test_the_mean_leaves_out_what_has_no_trace():
    traces = np.array([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0], [np.nan, np.nan, np.nan]])
    np.testing.assert_allclose(mean_of(traces), [2, 3, 4])
    assert np.isnan(mean_of(traces[2:])).all()
    assert np.isnan(evenly(traces, np.arange(3.0))[2]).all()
