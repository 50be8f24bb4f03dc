"""A recording holds exactly what the camera gave, and says what it does not hold."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import numpy as np
import pytest
import zarr

from deepz_live.session.errors import SessionError
from deepz_live.session.frame_array import BLOCK
from deepz_live.session.reader import read_session
from deepz_live.session.shards import (
    MOST_FRAMES,
    SHARD_BYTES,
    crc32c,
    frame_bytes,
    frames_a_shard,
)
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.hub import Hub
from deepz_live.stream.source import SourceError
from tests.session.disks import FullDisk, Gate

RECORDER = """
import sys, itertools
from pathlib import Path
import numpy as np
from deepz_live.session.writer import SessionWriter
from deepz_live.stream.frame import Frame, StreamInfo
info = StreamInfo((12, 17), "uint16", 0.325, 50.0, "red", 20.0, "kill me")
writer = SessionWriter(Path(sys.argv[1]), info, settings={}, bundle=None)
writer.start()
told = 0
for index in itertools.count():
    pixels = np.random.default_rng(index).integers(0, 65536, (12, 17), dtype=np.uint16)
    writer.offer(Frame(pixels, index, 100.0 + index * 0.02, index * 0.5, 20.0, "red"))
    written = writer.stats().written
    if written >= told + 50:
        told = written
        print(told, flush=True)
"""


class ListSource:
    """Frames of the list, then ``failure`` or the end."""

    lost = 0

    def __init__(self, info: StreamInfo, frames: list[Frame], failure: Exception | None) -> None:
        self.info = info
        self._frames = frames
        self._failure = failure

    @property
    def finished(self) -> bool:
        return not self._frames and self._failure is None

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def read(self, timeout_s: float) -> Frame | None:
        if self._frames:
            return self._frames.pop(0)
        if self._failure is not None:
            raise self._failure
        return None


def test_every_frame_comes_back_as_it_was(tmp_path, sessions):
    session = sessions.record(tmp_path / "s", range(300))
    assert len(session) == 300
    for index in range(300):
        sessions.assert_same(session.frame(index), index)
    assert session.manifest.closed
    assert session.manifest.end == "stopped"
    assert session.manifest.frames == 300
    assert session.manifest.error is None
    assert session.gaps == ()


def test_any_zarr_reader_sees_the_same_pixels_with_their_physical_size(tmp_path, sessions):
    count = 2 * MOST_FRAMES + 3
    session = sessions.record(tmp_path / "s", range(count))
    group = zarr.open_group(tmp_path / "s" / "frames.ome.zarr", mode="r")
    array = group["0"]
    assert array.shape == (count, *sessions.SHAPE)
    assert array.metadata.dimension_names == ("t", "y", "x")
    for position in (0, MOST_FRAMES - 1, MOST_FRAMES, count - 1):
        np.testing.assert_array_equal(array[position], session.frame(position).pixels)
    [multiscale] = group.attrs["ome"]["multiscales"]
    [transform] = multiscale["datasets"][0]["coordinateTransformations"]
    assert transform["scale"] == [0.02, 0.325, 0.325]


def test_a_recording_longer_than_its_first_extent_goes_on(tmp_path, sessions):
    info = StreamInfo((1, 1), "uint16", 0.3, 0.0, "red", 20.0, "test")
    count = BLOCK + 2
    with sessions.recording(tmp_path / "s", info=info) as writer:
        for index in range(count):
            writer.offer(Frame(np.full((1, 1), index, np.uint16), index, 0.0, 0.0, 20.0, "red"))
    array = zarr.open_group(tmp_path / "s" / "frames.ome.zarr", mode="r")["0"]
    assert array.shape == (count, 1, 1)
    assert array[count - 3 :, 0, 0].tolist() == [BLOCK - 1, BLOCK, BLOCK + 1]


def test_the_checksum_is_that_of_the_standard():
    # RFC 3720, appendix B.4.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes(range(32))) == 0x46DD794E


@pytest.mark.parametrize("shape", [(512, 512), (2048, 2048), (5000, 5000), (20000, 20000)])
def test_a_file_of_frames_stays_small_enough_to_copy(shape):
    info = StreamInfo(shape, "uint16", 0.3, 0.0, "red", 20.0, "test")
    count = frames_a_shard(info)
    assert 1 <= count <= MOST_FRAMES
    assert count == 1 or count * frame_bytes(info) <= SHARD_BYTES


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_other_pixel_types_keep_their_type(tmp_path, sessions, dtype):
    info = StreamInfo((4, 5), dtype, 0.3, 0.0, "red", 20.0, "test")
    pixels = np.arange(20).reshape(4, 5).astype(dtype)
    with sessions.recording(tmp_path / "s", info=info) as writer:
        writer.offer(Frame(pixels, 0, 0.0, 0.0, 20.0, "red"))
    found = read_session(tmp_path / "s").frame(0).pixels
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, pixels)
    array = zarr.open_group(tmp_path / "s" / "frames.ome.zarr", mode="r")["0"]
    np.testing.assert_array_equal(array[0], pixels)


def test_settings_bundle_events_and_results_are_kept(tmp_path, sessions):
    bundle = {"name": "beads", "sha256": "ab" * 32}
    with sessions.recording(tmp_path / "s", settings={"out": tmp_path}, bundle=bundle) as writer:
        writer.event("reference", index=3)
        writer.offer(sessions.frame(0))
        writer.result(0, digest=np.uint32(7), drift_um=np.array([0.5, 0.0]))
    session = read_session(tmp_path / "s")
    assert session.manifest.bundle == bundle
    assert session.manifest.settings == {"out": str(tmp_path)}
    [event] = session.events
    assert (event["kind"], event["index"]) == ("reference", 3)
    assert list(session.results) == [{"index": 0, "digest": 7, "drift_um": [0.5, 0.0]}]


def test_frames_that_never_came_are_listed_by_index(tmp_path, sessions):
    session = sessions.record(tmp_path / "s", [5, 6, 9, 10, 14])
    gaps = [(gap.first, gap.last, gap.cause) for gap in session.gaps]
    assert gaps == [(7, 8, "not received"), (11, 13, "not received")]


def test_a_slow_disk_drops_and_says_so_and_never_delays_the_pump(tmp_path, sessions):
    reached, release = threading.Event(), threading.Event()

    def wait_at_the_third(chunk: int) -> None:
        if chunk == 2:
            reached.set()
            release.wait(sessions.WAIT_S)

    size = sessions.frame(0).pixels.nbytes
    options = {"opener": Gate(wait_at_the_third), "capacity_bytes": 4 * size}
    with sessions.recording(tmp_path / "s", **options) as writer:
        for index in range(3):
            writer.offer(sessions.frame(index))
        assert reached.wait(sessions.WAIT_S)
        frames = [sessions.frame(index) for index in range(3, 20)]
        hub = Hub(ListSource(sessions.INFO, frames, None))
        hub.attach(writer)
        hub.start()
        # The disk stands still and yet the stream runs to its end.
        assert hub.wait_finished(sessions.WAIT_S)
        hub.stop()
        stats = writer.stats()
        assert stats.queued == stats.queue_capacity
        assert stats.dropped == 14
        assert "lost 14 frames" in str(writer.error)
        release.set()
    session = read_session(tmp_path / "s")
    assert [facts.index for facts in session.facts] == list(range(6))
    assert [(g.first, g.last, g.cause) for g in session.gaps] == [(6, 19, "queue full")]
    assert session.manifest.dropped == 14
    assert "lost 14 frames" in str(session.manifest.error)


def test_a_full_disk_ends_the_recording_readable_and_is_said(tmp_path, sessions):
    with sessions.recording(tmp_path / "s", opener=FullDisk(room=5)) as writer:
        for index in range(12):
            writer.offer(sessions.frame(index))
        writer.stop(sessions.WAIT_S)
    assert "ended after 5 frames" in str(writer.error)
    assert "No space left on device; free some room" in str(writer.error)
    session = read_session(tmp_path / "s")
    assert session.manifest.end == "error"
    assert session.manifest.error == str(writer.error)
    assert [(g.first, g.last, g.cause) for g in session.gaps] == [(5, 11, "write error")]
    assert len(session) == 5
    for index in range(5):
        sessions.assert_same(session.frame(index), index)
    stats = writer.stats()
    assert (stats.offered, stats.written, stats.dropped, stats.queued) == (12, 5, 7, 0)


def test_a_disk_that_stays_dead_still_leaves_what_was_written(tmp_path, sessions):
    with sessions.recording(tmp_path / "s", opener=FullDisk(room=5, dead=True)) as writer:
        for index in range(12):
            writer.offer(sessions.frame(index))
    assert "ended after 5 frames" in str(writer.error)
    session = read_session(tmp_path / "s")
    assert not session.manifest.closed
    assert [session.frame(i).index for i in range(len(session))] == [0, 1, 2, 3, 4]


def test_a_camera_that_fails_leaves_a_closed_recording_that_says_why(tmp_path, sessions):
    failure = SourceError("The camera was unplugged; plug it in and start again.")
    frames = [sessions.frame(index) for index in range(8)]
    hub = Hub(ListSource(sessions.INFO, frames, failure))
    with sessions.recording(tmp_path / "s") as writer:
        hub.attach(writer)
        hub.start()
        assert hub.wait_finished(sessions.WAIT_S)
        hub.stop()
        writer.stop(sessions.WAIT_S, error=hub.error)
    session = read_session(tmp_path / "s")
    assert len(session) == 8
    assert session.manifest.closed
    assert session.manifest.end == "error"
    assert session.manifest.error == str(failure)


def test_a_frame_of_another_size_ends_the_recording_with_both_sizes(tmp_path, sessions):
    with sessions.recording(tmp_path / "s") as writer:
        writer.offer(sessions.frame(0))
        writer.offer(sessions.frame(1, (6, 6)))
    assert "(6, 6) uint16 arrived, the stream began with (12, 17)" in str(writer.error)
    assert len(read_session(tmp_path / "s")) == 1


def test_a_kill_in_the_middle_loses_no_frame_that_was_written(tmp_path, sessions):
    folder = tmp_path / "s"
    command = [sys.executable, "-c", RECORDER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = 0
        while told < 300:
            told = int(process.stdout.readline())
        process.kill()
        told = max([told, *map(int, process.stdout.read().split())])
    session = read_session(folder)
    assert not session.manifest.closed
    assert len(session) >= told
    for index in range(len(session)):
        sessions.assert_same(session.frame(index), index)


def test_frames_can_be_read_while_the_recording_runs(tmp_path, sessions):
    done = threading.Event()
    with sessions.recording(
        tmp_path / "s", opener=Gate(lambda chunk: done.set() if chunk == 3 else None)
    ) as writer:
        for index in range(4):
            writer.offer(sessions.frame(index))
        assert done.wait(sessions.WAIT_S)
        session = read_session(tmp_path / "s")
        assert len(session) >= 3
        sessions.assert_same(session.frame(2), 2)


def test_a_folder_in_use_is_never_overwritten(tmp_path, sessions):
    (tmp_path / "precious.txt").write_text("data")
    with (
        pytest.raises(SessionError, match="exists and is not empty"),
        sessions.recording(tmp_path),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_a_folder_that_cannot_be_made_is_an_error_before_the_first_frame(tmp_path, sessions):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SessionError, match="choose a folder that can be written to"),
        sessions.recording(tmp_path / "file" / "s"),
    ):
        pass


def test_stop_twice_and_offers_after_it_change_nothing(tmp_path, sessions):
    with sessions.recording(tmp_path / "s") as writer:
        writer.offer(sessions.frame(0))
    writer.stop(sessions.WAIT_S)
    before = writer.stats()
    writer.offer(sessions.frame(1))
    writer.event("late")
    assert writer.stats() == before
    assert writer.error is None


def test_a_stop_that_takes_too_long_says_so_and_can_be_repeated(tmp_path, sessions):
    reached, release = threading.Event(), threading.Event()

    def hold(_chunk: int) -> None:
        reached.set()
        release.wait(sessions.WAIT_S)

    with sessions.recording(tmp_path / "s", opener=Gate(hold)) as writer:
        writer.offer(sessions.frame(0))
        assert reached.wait(sessions.WAIT_S)
        with pytest.raises(SessionError, match="still being written"):
            writer.stop(0.0)
        release.set()
    assert read_session(tmp_path / "s").manifest.closed


def test_numbers_of_a_recording_add_up(tmp_path, sessions):
    times = iter(range(1000))
    with sessions.recording(tmp_path / "s", clock=lambda: float(next(times))) as writer:
        for index in range(10):
            writer.offer(sessions.frame(index))
    stats = writer.stats()
    assert (stats.offered, stats.written, stats.dropped, stats.queued) == (10, 10, 0, 0)
    assert stats.bytes_written == 10 * sessions.frame(0).pixels.nbytes
    assert stats.free_bytes > 0
    assert stats.elapsed_s > 0


def test_the_manifest_is_there_from_the_start(tmp_path, sessions):
    with sessions.recording(tmp_path / "s"):
        manifest = json.loads((tmp_path / "s" / "manifest.json").read_text())
        assert manifest["closed"] is False
        assert manifest["started_utc"].endswith("+00:00")
