"""Results of ``analyze neurons`` are read back, told apart by recording, and laid over frames."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.neurons.belonging import belongs, check_belongs, results_beside
from deepz_live.app.neurons.looking import Looking, nearest
from deepz_live.app.neurons.results import is_results, read_origin, read_results
from deepz_live.session.reader import Session, read_session
from deepz_live.stream.frame import Frame, StreamInfo
from tests.neurons_made import GROUPS, finding, places_px, results_of

SHAPE = (16, 24)


def recorded(folder: Path, frames: int = 20, shape: tuple[int, int] = SHAPE) -> Session:
    info = StreamInfo(shape, "uint16", 0.325, 10.0, "A", 20.0, "test")
    with offline_recording(folder, info, settings={}) as recording:
        for index in range(frames):
            pixels = np.zeros(shape, np.uint16)
            recording.add(Frame(pixels, 100 + 2 * index, 5 + index / 10, 0.0, 20.0, "A"))
    return read_session(folder)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return recorded(tmp_path / "worm")


def test_what_was_written_is_read_back(session: Session, tmp_path: Path):
    folder = results_of(tmp_path / "out", session, step_px=1.5)
    assert is_results(folder)
    found, wanted = read_results(folder), finding()
    np.testing.assert_allclose(found.positions_um, wanted.positions_um, atol=1e-3)
    np.testing.assert_allclose(found.relative, wanted.activity.relative, atol=1e-5)
    np.testing.assert_allclose(found.deviation, wanted.activity.deviation, atol=1e-5)
    np.testing.assert_array_equal(found.cluster, GROUPS)
    np.testing.assert_array_equal(found.active, GROUPS > 0)
    np.testing.assert_allclose(found.followed.times_s, wanted.times_s, atol=1e-4)
    np.testing.assert_allclose(found.followed.matrices[:, 0, 2], 1.5 * np.arange(20))
    assert found.clusters == (1, 2, 0)
    assert found.members(2) == tuple(np.flatnonzero(GROUPS == 2))


def drop_line(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def beyond(path: Path) -> None:
    path.write_text(path.read_text().replace("19,19,", "19,20,"))


@pytest.mark.parametrize(
    "spoil, why",
    [
        (lambda out: (out / "neurons.csv").unlink(), "neurons.csv"),
        (lambda out: drop_line(out / "neurons.csv"), "9 neurons have 10 traces"),
        (lambda out: drop_line(out / "motion.csv"), "19 rounds have 20 times"),
        (lambda out: beyond(out / "motion.csv"), "names frames beyond the 20 recorded"),
        (lambda out: (out / "traces.csv").write_text("time_s,neuron_1\n0,much\n"), "traces.csv"),
        (lambda out: (out / "motion.csv").write_text("time_s\n" + "0\n" * 20), "no column 'm11'"),
        (lambda out: (out / "neurons.json").write_text("{"), "neurons.json, text: "),
        (lambda out: (out / "neurons.json").write_text('{"session": "s"}'), "recording: "),
    ],
)
def test_what_is_damaged_is_refused_with_what_to_do(session, tmp_path, spoil, why):
    folder = results_of(tmp_path / "out", session)
    spoil(folder)
    with pytest.raises(AnalysisError, match=r"analyze neurons` make them again\.$") as refused:
        read_results(folder)
    assert why in str(refused.value)


def test_a_folder_of_something_else_is_refused(session, tmp_path):
    assert not is_results(tmp_path)
    with pytest.raises(AnalysisError, match=r"holds no neurons\.json; give the folder"):
        read_results(tmp_path)


def test_neurons_of_another_recording_are_told_apart(session, tmp_path):
    results = read_results(results_of(tmp_path / "out", session))
    check_belongs(results, session)
    moved = session.folder.rename(tmp_path / "elsewhere")
    check_belongs(results, read_session(moved))
    shorter = recorded(tmp_path / "b", frames=19)
    wider = recorded(tmp_path / "c", shape=(16, 32))
    later = read_session(moved)
    later.manifest = later.manifest.model_copy(update={"started_utc": "2020-01-01T00:00:00"})
    for other in (shorter, wider, later):
        assert not belongs(results.origin, other)
        with pytest.raises(AnalysisError, match=r"of the recording .*worm .*; open that one"):
            check_belongs(results, other)
    with pytest.raises(AnalysisError, match="but no recording is replayed"):
        check_belongs(results, None)


def test_the_newest_beside_the_recording_or_in_it_is_found(session, tmp_path, monkeypatch):
    assert results_beside(session) is None
    other = recorded(tmp_path / "other", frames=25)
    results_of(tmp_path / "of_other", other)
    damaged = results_of(tmp_path / "damaged", session)
    (damaged / "neurons.json").write_text("{")
    assert results_beside(session) is None
    inside = results_of(session.folder / "neurons", session)
    beside = results_of(tmp_path / "worm_neurons", session)
    for age_s, folder in ((100, inside), (50, beside)):
        os.utime(folder / "neurons.json", (1e9 - age_s, 1e9 - age_s))
    assert results_beside(session) == beside
    os.utime(inside / "neurons.json", (1e9, 1e9))
    assert results_beside(session) == inside
    # A relative path, as typed on the command line.
    monkeypatch.chdir(tmp_path)
    assert results_beside(read_session("worm")) == Path("worm/neurons")


def test_neurons_follow_the_sample_and_the_clock(session, tmp_path):
    looking = Looking(read_results(results_of(tmp_path / "out", session, step_px=2)), session.facts)
    np.testing.assert_allclose(looking.pixels_at(0), places_px(), atol=0.01)
    np.testing.assert_allclose(looking.pixels_at(7), places_px() + [0, 14], atol=0.01)
    assert looking.place_of(100 + 2 * 7) == 7
    assert looking.place_of(101) is None
    assert looking.seconds_at(7) == pytest.approx(0.7)
    assert [looking.place_at(t) for t in (-3, 0.52, 0.56, 99)] == [0, 5, 6, 19]


def test_between_two_rounds_the_last_that_began_counts(session, tmp_path):
    folder = results_of(tmp_path / "out", session, step_px=1)
    motion = (folder / "motion.csv").read_text().splitlines()
    traces = (folder / "traces.csv").read_text().splitlines()
    rows = [line.split(",") for line in motion[1:]]
    kept = []
    for number in range(0, 10, 2):  # rounds of two channels, every fourth frame
        row = rows[number]
        row[:2] = [str(2 * number + 1), str(2 * number + 2)]
        kept.append(",".join(row))
    (folder / "motion.csv").write_text("\n".join([motion[0], *kept]) + "\n")
    (folder / "traces.csv").write_text("\n".join([traces[0], *traces[1:10:2]]) + "\n")
    looking = Looking(read_results(folder), session.facts)
    assert [looking.round_at(place) for place in (0, 1, 4, 5, 8, 9, 19)] == [0, 0, 0, 1, 1, 2, 4]
    assert looking.seconds_at(2) == 0
    assert looking.place_at(0.2) == 6


def test_a_projective_motion_is_applied_as_a_projection(session, tmp_path):
    folder = results_of(tmp_path / "out", session)
    results = read_results(folder)
    matrix = np.array([[1.1, 0.02, 3], [-0.01, 0.9, -2], [1e-4, 2e-4, 1]])
    results.followed.matrices[3] = matrix
    y, x = places_px().T
    down = 1e-4 * x + 2e-4 * y + 1
    wanted = np.column_stack([(-0.01 * x + 0.9 * y - 2) / down, (1.1 * x + 0.02 * y + 3) / down])
    found = Looking(results, session.facts).pixels_at(3)
    np.testing.assert_allclose(found, wanted, atol=0.01)


def test_a_click_means_the_nearest_and_those_in_the_plane_first():
    pixels = np.array([(10.0, 10.0), (13.0, 10.0), (40.0, 10.0)])
    near = np.array([True, False, False])
    assert nearest(pixels, near, (12.5, 10), 5) == 0
    assert nearest(pixels, ~near, (12.5, 10), 5) == 1
    assert nearest(pixels, near, (41, 12), 5) == 2
    assert nearest(pixels, near, (25, 10), 5) is None


def test_the_origin_alone_is_read_without_the_tables(session, tmp_path):
    folder = results_of(tmp_path / "out", session)
    (folder / "traces.csv").unlink()
    origin = read_origin(folder)
    assert origin.recording.shape == SHAPE
    assert json.loads((folder / "neurons.json").read_text())["session"] == origin.session
