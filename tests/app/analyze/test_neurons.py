"""Neurons of whole recordings: rounds, median, tables, and the built-in worm against its truth."""

from __future__ import annotations

import csv
import json
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from deepz_live.analysis.neurons import match, trace_correlation
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.median import TimeMedian
from deepz_live.app.analyze.neurons import Choices, analyze_neurons
from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.analyze.rehearsal import record
from deepz_live.app.analyze.rounds import rounds_of
from deepz_live.app.analyze.virtual import distances
from deepz_live.config import Profile
from deepz_live.model.bundle import load_bundle
from deepz_live.session.reader import read_session
from deepz_live.stream.frame import Frame, StreamInfo

SHAPE = (12, 16)


def worm(seed: int, side_px: int, **drift: object) -> Profile:
    data = Profile(name="worm").model_dump()
    data["specimen"] |= {"kind": "worm", "seed": seed, "photons": 4000.0}
    data["camera"] |= {"width_px": side_px, "height_px": side_px, "noise_seed": seed}
    data["stage"]["drift"] |= {"kind": "walk", "seed": seed, "period_s": 10.0, **drift}
    return Profile.model_validate(data)


def written(folder: Path, channels: list[str], at_once: int = 1) -> Path:
    """A session of frames of these channels, so many of them at the same time."""
    names = tuple(dict.fromkeys(channels))
    info = StreamInfo(SHAPE, "uint16", 0.325, 10.0, channels[0], 20.0, "test", names)
    with offline_recording(folder, info, settings={}) as recording:
        for index, channel in enumerate(channels):
            pixels = np.full(SHAPE, index, np.uint16)
            time_s = 0.1 * (index // at_once)
            recording.add(Frame(pixels, index, time_s, 0.0, 20.0, channel))
    return folder


def test_frames_taken_in_turn_are_paired_each_once(tmp_path: Path):
    session = read_session(written(tmp_path / "s", ["A", "B", "A", "B", "A", "A", "B"]))
    rounds = rounds_of(session)
    assert (rounds.structure, rounds.activity) == ("A", "B")
    # Of two frames in a row the one nearer to its partner is taken.
    assert rounds.pairs == ((0, 1), (2, 3), (5, 6))
    turned = rounds_of(session, structure="B")
    assert (turned.structure, turned.activity) == ("B", "A")


def test_frames_of_two_cameras_at_once_are_paired(tmp_path: Path):
    session = read_session(written(tmp_path / "s", ["A", "B"] * 3, at_once=2))
    assert rounds_of(session).pairs == ((0, 1), (2, 3), (4, 5))


def test_one_channel_must_be_named_for_both(tmp_path: Path):
    session = read_session(written(tmp_path / "s", ["A", "A", "A"]))
    with pytest.raises(AnalysisError, match="has 1 channel"):
        rounds_of(session)
    assert rounds_of(session, "A", "A").pairs == ((0, 0), (1, 1), (2, 2))
    with pytest.raises(AnalysisError, match="no channel 'C'; it has A"):
        rounds_of(session, "C")


def test_a_session_written_offline_reads_back_and_says_why_it_broke_off(tmp_path: Path):
    session = read_session(written(tmp_path / "s", ["A"] * 3))
    assert [int(session.frame(i).pixels[0, 0]) for i in range(3)] == [0, 1, 2]
    assert session.manifest.closed
    info = StreamInfo(SHAPE, "uint16", 0.325, 10.0, "A", 20.0, "test")
    with (
        pytest.raises(ValueError, match="broken"),
        offline_recording(tmp_path / "t", info, settings={}),
    ):
        raise ValueError("broken")
    broken = read_session(tmp_path / "t").manifest
    assert (broken.end, broken.error, broken.closed) == ("error", "broken", True)


@pytest.mark.parametrize("block_bytes", [64, 1 << 20])
def test_the_median_over_time_is_numpys_and_leaves_no_file(tmp_path: Path, block_bytes: int):
    stacks = np.random.default_rng(0).normal(size=(9, 3, 5, 7)).astype(np.float32)
    with TimeMedian(9, scratch=tmp_path, block_bytes=block_bytes) as median:
        for frame, stack in enumerate(stacks):
            assert median.wants(frame)
            median.add(frame, stack)
        np.testing.assert_array_equal(median.take(), np.median(stacks, axis=0))
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_memory_holds_a_block_and_not_the_recording(tmp_path: Path):
    shape, block = (8, 64, 64), 1 << 18
    with TimeMedian(64, scratch=tmp_path, block_bytes=block) as median:
        tracemalloc.start()
        try:
            for frame in range(64):
                median.add(frame, np.full(shape, frame, np.float32))
            result = median.take()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (result == 31.5).all()
    assert peak < result.nbytes * 2 + 3 * block
    assert peak < 64 * result.nbytes / 4


def test_of_a_long_recording_frames_spread_evenly_make_the_median():
    with TimeMedian(10_000, most=5) as median:
        assert [i for i in range(10_000) if median.wants(i)] == [0, 2500, 5000, 7499, 9999]
        with pytest.raises(ValueError, match="0 of 5"):
            median.take()


def test_no_scratch_file_is_left_where_a_stack_does_not_fit(tmp_path: Path):
    median = TimeMedian(2, scratch=tmp_path)
    with median:
        median.add(0, np.zeros((1, 2, 2), np.float32))
        with pytest.raises(ValueError, match="broadcast"):
            median.add(1, np.zeros((1, 3, 2), np.float32))
    assert not list(tmp_path.iterdir())


def test_planes_are_the_papers_as_far_as_the_model_goes():
    bundle = load_bundle(Path("worm_20x075"))
    assert distances([bundle]) == tuple(np.arange(-20, 21) * 0.5)
    assert distances([bundle], 4.2, 1.0) == (-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0)
    with pytest.raises(AnalysisError, match="above 0"):
        distances([bundle], step_um=0.0)


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """A part of the built-in worm, 24 rounds while it moves, and what was found in it."""
    folder = tmp_path_factory.mktemp("worm")
    profile = worm(951, 192, axial_um=0.3, lateral_um=1.5)
    known = record(
        profile, folder / "s", channels=("TexasRed", "FITC"), rounds_hz=1.2, seconds=20.0
    )
    result = analyze_neurons(
        folder / "s",
        load_bundle(Path("worm_20x075")),
        out=folder / "out",
        choices=Choices(most=9),
    )
    return known, result, folder


@pytest.mark.slow
def test_neurons_of_the_built_in_worm_are_found_in_3d_and_more_than_in_2d(analysed):
    known, result, _ = analysed
    inside = (known.positions_um[:, 1:] > 1).all(axis=1)
    pairs = match(result.volume.positions_um, known.positions_um[inside])
    flat = match(result.flat.positions_um[:, 1:], known.positions_um[inside][:, 1:])
    assert result.facts["frames_not_registered"] == 0
    assert pairs.recall > 0.5
    assert pairs.precision > 0.75
    assert len(pairs.found) > 1.15 * len(flat.found)


@pytest.mark.slow
def test_their_traces_follow_the_true_ones(analysed):
    known, result, _ = analysed
    pairs = match(result.volume.positions_um, known.positions_um)
    busy = np.array([known.clusters[i] != "silent" for i in pairs.known])
    found = result.volume.activity.delta_f[pairs.found][busy]
    assert np.median(trace_correlation(found, known.traces[pairs.known][busy])) > 0.8


@pytest.mark.slow
def test_tables_and_figures_say_what_was_found(analysed):
    _, result, folder = analysed
    out = folder / "out"
    with (out / "neurons.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(result.volume)
    assert float(rows[0]["z_um"]) == pytest.approx(result.volume.positions_um[0, 0], abs=1e-3)
    assert [int(r["cluster"]) for r in rows] == result.volume.activity.cluster.tolist()
    traces = np.genfromtxt(out / "traces.csv", delimiter=",", skip_header=1)
    np.testing.assert_allclose(traces[:, 1:].T, result.volume.activity.relative, atol=1e-5)
    np.testing.assert_allclose(traces[:, 0], result.volume.times_s, atol=1e-4)
    flat = (out / "neurons_2d.csv").read_text(encoding="utf-8").splitlines()
    assert flat[1].split(",")[1] == ""  # raw frames know no depth
    facts = json.loads((out / "neurons.json").read_text(encoding="utf-8"))
    assert facts["neurons"]["found"] == len(rows)
    for name in ("neurons.png", "neurons_2d.png", "groups.png", "groups_2d.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")


def test_a_recording_at_another_pixel_size_is_refused(tmp_path: Path):
    folder = written(tmp_path / "s", ["A", "B"] * 3)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("0.325", "0.65"))
    with pytest.raises(AnalysisError, match=r"pixels of 0.65 µm, but bundle worm_20x075"):
        analyze_neurons(folder, load_bundle(Path("worm_20x075")))


def test_scratch_files_are_the_systems_and_gone(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with TimeMedian(1) as median:
        median.add(0, np.ones((1, 2, 2), np.float32))
        assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())
