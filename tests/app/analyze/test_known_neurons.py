"""Scores of found neurons against those that were there."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.neurons import activity
from deepz_live.app.analyze.known_neurons import scores
from deepz_live.app.analyze.neuron_files import Finding
from deepz_live.app.analyze.rehearsal import Known, moving_worm

FRAMES = 126
CLUSTERS = ("a",) * 4 + ("b",) * 4 + ("c",) * 4 + ("silent",) * 4


@pytest.fixture
def known() -> Known:
    times = np.arange(FRAMES) / 3.6
    rates = {"a": 0.1, "b": 0.17, "c": 0.29}
    waves = [
        np.sin(2 * np.pi * rates[name] * times) if name in rates else np.zeros(FRAMES)
        for name in CLUSTERS
    ]
    places = np.array([(n % 3 - 1.0, 10.0 * (n // 4), 10.0 * (n % 4)) for n in range(16)])
    return Known(times, np.zeros((FRAMES, 3)), places, CLUSTERS, 100 * (1 + 0.5 * np.array(waves)))


def found(known: Known, traces: np.ndarray, moved_um: float = 0.2, depth: bool = True) -> Finding:
    noise = np.random.default_rng(0).normal(0, 0.5, traces.shape)
    places = known.positions_um + moved_um
    if not depth:
        places = places * [np.nan, 1, 1]
    acts = activity(traces + noise, 0.0, threshold=0.05)
    sizes = np.full(len(places), 100)
    return Finding(places, sizes, known.times_s, acts, np.zeros((4, 4), np.float32), 0.325)


def test_what_is_found_as_it_is_has_full_marks(known: Known):
    facts = scores(found(known, known.traces), known)
    assert facts["in_3d"] == facts["sideways"] == {"recall": 1.0, "precision": 1.0}
    assert facts["active"] == facts["matched_active"] == 12
    assert facts["median_correlation"] > 0.99
    assert (facts["k"], facts["rand_index"]) == (3, 1.0)
    assert facts["found_active"] == facts["grouped"] == 12


def test_who_is_in_no_group_is_counted_and_not_judged(known: Known):
    done = found(known, known.traces)
    done.activity.cluster[:2] = 0
    facts = scores(done, known)
    assert (facts["found_active"], facts["grouped"], facts["rand_index"]) == (12, 10, 1.0)
    assert facts["rand_index_ungrouped"] < 1


def test_traces_of_a_neighbour_are_noticed(known: Known):
    facts = scores(found(known, np.roll(known.traces, 4, axis=0)), known)
    assert facts["in_3d"]["recall"] == 1.0
    assert facts["median_correlation"] < 0.3


def test_of_raw_frames_only_the_place_sideways_counts(known: Known):
    facts = scores(found(known, known.traces, depth=False), known)
    assert "in_3d" not in facts
    assert facts["sideways"]["recall"] == 1.0
    assert facts["matched"] == 16


def test_nothing_right_is_no_number_and_no_crash(known: Known):
    facts = scores(found(known, known.traces, moved_um=200.0), known)
    assert facts["in_3d"] == {"recall": 0.0, "precision": 0.0}
    assert facts["median_correlation"] is None
    assert facts["rand_index"] is None


def test_a_moving_worm_is_where_and_as_bright_as_was_asked():
    profile = moving_worm(5, 96, axial_um=1.5, lateral_um=0.0, start_um=-6.0, photons=123.0)
    assert (profile.specimen.kind, profile.specimen.seed, profile.specimen.photons) == (
        "worm", 5, 123.0,
    )  # fmt: skip
    assert profile.stage.z_start_um == -6.0
    assert (profile.stage.drift.axial_um, profile.stage.drift.lateral_um) == (1.5, 0.0)
