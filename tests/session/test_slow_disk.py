"""A disk that falls behind, refuses late, or is full: told in time, and nothing written is lost."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from deepz_live.session.fill import FillWatch
from deepz_live.session.index_gaps import GapLog
from deepz_live.session.memory import LEAST_BYTES, MOST_BYTES, UNKNOWN_BYTES, queue_bytes
from deepz_live.session.reader import read_session
from tests.app.live_fakes import frame
from tests.clock import Time
from tests.session.disks import Gate

ROOT = Path(__file__).resolve().parents[2]

LIMITED = """
import json, resource, sys, threading
from pathlib import Path
from deepz_live.app.live import LiveSession
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.view import ViewRequest
from tests.app.live_fakes import Camera, Engine, frame

def wait_for_the_error():
    while live.error is None:
        threading.Event().wait(0.001)
def limit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))

script = [limit, *map(frame, range(400)), wait_for_the_error, *map(frame, range(400, 420))]
view = ViewRequest((PlaneCut(0.0),))
live = LiveSession(
    Camera(script), Engine(), record_to=Path(sys.argv[1]), request=view, every_frame=True
)
live.start()
live.wait_finished(60)
live.stop()
print(json.dumps({"error": str(live.error), **live.summary()}))
"""


def test_the_operator_is_warned_before_a_frame_is_lost(tmp_path, sessions):
    release, time = threading.Event(), Time()
    gate = Gate(lambda _: release.wait(sessions.WAIT_S))
    size = sessions.frame(0).pixels.nbytes
    options = {"capacity_bytes": 10 * size, "clock": time, "opener": gate}
    with sessions.recording(tmp_path / "s", **options) as writer:
        said = []
        for index in range(10):
            time.sleep(1.0)
            writer.offer(sessions.frame(index))
            said.append(writer.warning)
        assert said[:5] == [None] * 5
        assert all("does not keep up" in text for text in said[5:])
        assert (writer.stats().dropped, writer.error) == (0, None)
        assert writer.stats().full_in_s == pytest.approx(0.0)
        writer.offer(sessions.frame(10))
        assert "lost 1 frames" in str(writer.error)
        assert writer.warning is None  # the error says more
        release.set()
    session = read_session(tmp_path / "s")
    assert [facts.index for facts in session.facts] == list(range(10))
    assert [(gap.first, gap.last, gap.cause) for gap in session.gaps] == [(10, 10, "queue full")]
    assert [event["kind"] for event in session.events] == ["disk slow"]


def test_a_disk_that_catches_up_takes_the_warning_back():
    time = Time()
    watch = FillWatch(100, time)
    changes = []
    for queued in (10, 40, 55, 70, 40, 30, 20, 60):
        time.sleep(1.0)
        changes.append(watch.saw(queued))
    assert changes == [None, None, "slow", None, None, None, "keeps up", "slow"]
    assert watch.full_in_s == pytest.approx(1.0)


def test_a_disk_that_is_slow_but_takes_something_is_waited_for(tmp_path, sessions, monkeypatch):
    room = threading.Semaphore(0)
    gate = Gate(lambda _: room.acquire(timeout=sessions.WAIT_S))
    with sessions.recording(tmp_path / "s", opener=gate) as writer:
        for index in range(4):
            writer.offer(sessions.frame(index))
        thread, joins = writer._thread, []

        def one_frame_a_turn(timeout_s: float) -> None:
            joins.append(timeout_s)
            before = writer.stats().queued
            room.release()
            while thread.is_alive() and writer.stats().queued >= before:
                threading.Event().wait(0.001)

        monkeypatch.setattr(thread, "join", one_frame_a_turn)
        writer.stop(0.5)
    assert len(joins) >= 4
    session = read_session(tmp_path / "s")
    assert session.manifest.closed
    assert [facts.index for facts in session.facts] == [0, 1, 2, 3]


def test_a_disk_whose_room_cannot_be_read_is_written_on(tmp_path, sessions, monkeypatch):
    def gone(_folder: Path) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("deepz_live.session.writer._DISK_LOOK_S", 0.0)
    with sessions.recording(tmp_path / "s") as writer:
        monkeypatch.setattr("shutil.disk_usage", gone)
        writer.offer(sessions.frame(0))
    monkeypatch.undo()
    assert writer.error is None
    assert len(read_session(tmp_path / "s")) == 1


def test_an_extent_that_cannot_be_written_now_is_written_later(tmp_path, sessions, monkeypatch):
    monkeypatch.setattr("deepz_live.session.frame_array.BLOCK", 4)
    monkeypatch.setattr("deepz_live.session.frame_array.GROW_AGAIN", 2)
    extents = []

    def held_once(path: Path, mode: str):
        if path.name == "zarr.json.part" and path.parent.name == "0":
            extents.append(path)
            if len(extents) == 2:  # the first is that of the empty array
                raise PermissionError(errno.EACCES, "Access is denied")
        return path.open(mode, buffering=0)

    with sessions.recording(tmp_path / "s", opener=held_once) as writer:
        for index in range(8):
            writer.offer(sessions.frame(index))
    assert writer.error is None
    session = read_session(tmp_path / "s")
    assert [facts.index for facts in session.facts] == list(range(8))
    facts = json.loads(extents[0].with_name("zarr.json").read_text())
    assert (facts["shape"][0], len(extents)) == (8, 4)  # made, held, grown at 6, trimmed


def test_a_clock_that_jumps_back_gives_no_nonsense():
    time = Time()
    watch = FillWatch(100, time)
    watch.saw(10)
    time.now -= 3600
    watch.saw(20)
    assert watch.full_in_s is None
    time.sleep(1.0)
    watch.saw(30)
    assert watch.full_in_s == pytest.approx(7.0)


def test_a_disk_that_refuses_only_when_it_syncs_is_told(tmp_path, sessions):
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with sessions.recording(tmp_path / "s", sync=full) as writer:
        writer.offer(sessions.frame(0))
    assert "No space left on device" in str(writer.error)
    # Its bytes are in the system's memory at least, and the manifest says that it was not closed.
    session = read_session(tmp_path / "s")
    assert not session.manifest.closed
    sessions.assert_same(session.frame(0), 0)


def test_what_was_recorded_is_on_the_disk_when_the_recording_ends(tmp_path, sessions):
    synced = []
    with sessions.recording(tmp_path / "s", sync=synced.append) as writer:
        writer.offer(sessions.frame(0))
    assert len(synced) == 4  # the frames, and the three journals


def test_every_frame_missing_is_listed_once_and_one_that_comes_late_is_not():
    log = GapLog()
    for index in (0, 1, 5, 9, 7, 3, 3):
        log.saw(index)
    log.dropped(9, "queue full")
    assert [(gap.first, gap.last, gap.cause) for gap in log.ranges()] == [
        (2, 2, "not received"),
        (4, 4, "not received"),
        (6, 6, "not received"),
        (8, 8, "not received"),
        (9, 9, "queue full"),
    ]
    assert log.out_of_order == 3


def test_the_buffer_takes_a_part_of_the_free_memory(tmp_path):
    meminfo = tmp_path / "meminfo"
    gib = 1024**3

    def with_free(size: float) -> int:
        meminfo.write_text(f"MemTotal: 99999999 kB\nMemAvailable: {int(size / 1024)} kB\n")
        return queue_bytes(meminfo)

    assert with_free(16 * gib) == 4 * gib
    assert with_free(0.5 * gib) == LEAST_BYTES
    assert with_free(512 * gib) == MOST_BYTES
    meminfo.write_text("something else")
    assert queue_bytes(meminfo) == UNKNOWN_BYTES
    assert queue_bytes(tmp_path / "none") == UNKNOWN_BYTES


@pytest.mark.skipif(sys.platform == "win32", reason="sets a limit of POSIX")
def test_a_real_limit_of_the_disk_ends_the_recording_readable_and_the_view_goes_on(tmp_path):
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "File too large; free some room" in told["error"]
    assert told["frames_captured"] == told["frames_refocused"] == 420
    session = read_session(tmp_path / "s")
    # 50 000 bytes hold the head and 43 frames of 960 bytes.
    assert [facts.index for facts in session.facts] == list(range(43))
    for index in range(43):
        np.testing.assert_array_equal(session.frame(index).pixels, frame(index).pixels)
    assert session.manifest.closed
    assert session.manifest.end == "error"
    assert [(gap.first, gap.last, gap.cause) for gap in session.gaps] == [(43, 419, "write error")]
