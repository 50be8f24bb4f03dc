"""What goes wrong while a session is live costs no recorded frame, and is told."""

from __future__ import annotations

import gc
import threading
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from deepz_live.app.live import LiveSession
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.view import ViewRequest
from deepz_live.session.reader import Session, read_session
from deepz_live.stream.source import SourceError
from tests.app.live_fakes import SHAPE, WAIT_S, Camera, Engine, frame
from tests.clock import Time

VIEW = ViewRequest((PlaneCut(0.0),))


def session_of(script, folder: Path | None, engine=None, *, goes_on=False, **options):
    options.setdefault("every_frame", engine is not None)
    return LiveSession(
        Camera(script, goes_on=goes_on), engine, record_to=folder, request=VIEW, **options
    )


def run(live: LiveSession) -> LiveSession:
    live.start()
    try:
        assert live.wait_finished(WAIT_S)
    finally:
        live.stop()
    return live


def assert_recorded(folder: Path, indices) -> Session:
    recorded = read_session(folder)
    assert [facts.index for facts in recorded.facts] == list(indices)
    for place, index in enumerate(indices):
        np.testing.assert_array_equal(recorded.frame(place).pixels, frame(index).pixels)
    return recorded


def test_a_camera_that_raises_leaves_all_its_frames_and_their_planes(tmp_path):
    script = [*map(frame, range(9)), SourceError("The camera was unplugged; plug it in.")]
    live = run(session_of(script, tmp_path / "s", Engine()))
    assert "unplugged" in str(live.error)
    recorded = assert_recorded(tmp_path / "s", range(9))
    assert recorded.manifest.end == "error"
    assert "unplugged" in recorded.manifest.error
    assert [line["index"] for line in recorded.results] == list(range(9))


def test_a_driver_that_raises_what_it_likes_is_no_worse(tmp_path):
    live = run(session_of([frame(0), ZeroDivisionError("driver bug")], tmp_path / "s"))
    assert "driver bug" in str(live.error)
    assert_recorded(tmp_path / "s", [0])


def test_a_camera_that_stalls_is_told_and_may_go_on(tmp_path):
    time, more, seen = Time(), threading.Event(), threading.Event()
    script = [*map(frame, range(3)), seen.set, lambda: more.wait(WAIT_S), *map(frame, range(3, 6))]
    live = session_of(script, tmp_path / "s", clock=time, goes_on=True)
    live.start()
    try:
        assert seen.wait(WAIT_S)
        time.sleep(2.9)
        assert live.warnings == ()
        time.sleep(0.2)
        assert ["has given no frame for more than 3 s" in one for one in live.warnings] == [True]
        more.set()
        assert live.source.idle.wait(WAIT_S)
        assert live.warnings == ()
        assert live.error is None
    finally:
        live.stop()
    assert live.warnings == ()
    assert_recorded(tmp_path / "s", range(6))


def test_a_driver_that_never_returns_does_not_keep_the_recording_open(tmp_path):
    stuck, free = threading.Event(), threading.Event()
    script = [*map(frame, range(4)), stuck.set, lambda: free.wait(WAIT_S)]
    live = session_of(script, tmp_path / "s")
    live.start()
    assert stuck.wait(WAIT_S)
    with pytest.raises(SourceError, match="did not stop within"):
        live.stop(0.5)
    recorded = assert_recorded(tmp_path / "s", range(4))
    assert recorded.manifest.closed
    free.set()
    live.stop()


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (frame(5, shape=(12, 20)), r"(12, 20) uint16 arrived, the stream began with (24, 20)"),
        (frame(5, dtype=np.uint8), "(24, 20) uint8 arrived, the stream began with (24, 20) uint16"),
    ],
    ids=["size", "type"],
)
def test_a_frame_of_another_size_or_type_ends_the_recording_and_not_the_view(tmp_path, odd, told):
    script = [*map(frame, range(5)), odd, *map(frame, range(6, 9))]
    live = run(session_of(script, tmp_path / "s", Engine()))
    assert told in str(live.error)
    recorded = assert_recorded(tmp_path / "s", range(5))
    assert told in recorded.manifest.error
    assert [(gap.first, gap.last, gap.cause) for gap in recorded.gaps] == [(5, 8, "write error")]
    assert live.latest_result().frame.index == 8


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_number_from_the_network_is_never_shown_nor_measured(tmp_path, value):
    def spoil(volume):
        if 3 <= volume[0, 0, 0] <= 5:
            volume[1, 4:7, 4:7] = value

    live = run(session_of(map(frame, range(9)), tmp_path / "s", Engine(spoil)))
    assert "NaN or infinity in 9 of" in str(live.error)
    recorded = assert_recorded(tmp_path / "s", range(9))
    assert [line["index"] for line in recorded.results] == [0, 1, 2, 6, 7, 8]
    errors = [event["index"] for event in recorded.events if event["kind"] == "error"]
    assert errors == [3, 4, 5]
    assert np.isfinite([sample.dz_um for sample in live.drift_history()]).all()
    assert all(np.isfinite(image).all() for image in live.latest_result().images)


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_clock_that_jumps_costs_neither_frames_nor_sense(tmp_path, jump_s):
    time = Time()

    def tick():
        time.now += 0.01

    def jump():
        time.now += jump_s

    first = [step for index in range(300) for step in (tick, frame(index, 100 + 0.01 * index))]
    then = [step for index in range(300, 600) for step in (tick, frame(index, 100 + 0.01 * index))]
    live = session_of([*first, jump, *then], tmp_path / "s", Engine(), clock=time, goes_on=True)
    live.start()
    try:
        assert live.source.idle.wait(WAIT_S)
        status = live.status()
        assert status.camera_fps == pytest.approx(100.0, rel=0.02)
        assert live.warnings == ()
        assert live.error is None
    finally:
        live.stop()
    assert_recorded(tmp_path / "s", range(600))


def test_frames_lost_twice_and_swapped_are_counted_and_kept(tmp_path):
    came = [0, 1, 4, 4, 6, 5, 7, 10]
    live = run(session_of(map(frame, came), tmp_path / "s"))
    status = live.status()
    # 5 was thought lost before it came, and counts where it was missed: 2, 3, 5, 8, 9.
    assert (status.lost, status.duplicated, status.out_of_order) == (5, 1, 1)
    recorded = assert_recorded(tmp_path / "s", [0, 1, 4, 6, 5, 7, 10])
    assert [(gap.first, gap.last) for gap in recorded.gaps] == [(2, 3), (8, 9)]
    assert recorded.manifest.out_of_order == 1


def test_starting_twice_is_refused_and_what_runs_goes_on(tmp_path):
    live = session_of(map(frame, range(5)), tmp_path / "s", goes_on=True)
    live.start()
    try:
        with pytest.raises(SourceError, match="was started before"):
            live.start()
        assert live.source.idle.wait(WAIT_S)
        assert live.recording
        assert not live.finished
    finally:
        live.stop()
    with pytest.raises(SourceError, match="was stopped before"):
        live.start()
    assert live.source.starts == 1
    assert_recorded(tmp_path / "s", range(5))


def test_a_stop_during_the_start_waits_for_it_and_leaves_nothing_running(tmp_path):
    starting, go_on = threading.Event(), threading.Event()

    class Slow(Camera):
        def start(self) -> None:
            super().start()
            starting.set()
            go_on.wait(WAIT_S)

    live = LiveSession(Slow(map(frame, count())), Engine(), record_to=tmp_path / "s", request=VIEW)
    starter = threading.Thread(target=live.start)
    starter.start()
    assert starting.wait(WAIT_S)
    with pytest.raises(SourceError, match="still starting"):
        live.stop(0.0)
    stopper = threading.Thread(target=live.stop)
    stopper.start()
    go_on.set()
    for thread in (starter, stopper):
        thread.join(WAIT_S)
        assert not thread.is_alive()
    assert live.finished
    assert not live.recording
    assert live.source.stops == 1
    assert read_session(tmp_path / "s").manifest.closed


def test_a_thousand_sessions_leave_no_thread_and_no_file(tmp_path):
    gc.collect()  # files that tests before this one left to be collected
    before = threading.active_count(), open_files()
    for turn in range(1000):
        folder = tmp_path / str(turn) if turn % 50 == 0 else None
        live = session_of(map(frame, range(2)), folder, Engine())
        live.start()
        live.stop()
    assert (threading.active_count(), open_files()) == before


def open_files() -> int:
    """Open descriptors of this process; 0 where the system does not tell."""
    table = Path("/proc/self/fd")
    return len(list(table.iterdir())) if table.is_dir() else 0


def test_a_hundred_recordings_of_one_session_leave_no_thread_and_no_file(tmp_path):
    live = session_of(map(frame, range(2)), None, goes_on=True)
    live.start()
    try:
        assert live.source.idle.wait(WAIT_S)
        before = threading.active_count(), open_files()
        for turn in range(100):
            live.start_recording(tmp_path / str(turn))
            live.stop_recording()
        assert (threading.active_count(), open_files()) == before
    finally:
        live.stop()
    assert read_session(tmp_path / "99").info.shape == SHAPE
