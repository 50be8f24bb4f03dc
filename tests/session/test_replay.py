"""A replay shows the recorded frames at the recorded pace, and obeys the operator."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from deepz_live.session.errors import SessionError
from deepz_live.session.reader import read_session
from deepz_live.session.replay import ReplaySource
from deepz_live.session.shards import place_of
from deepz_live.stream.fifo import BlockingFifo
from deepz_live.stream.frame import Frame
from deepz_live.stream.hub import Hub


class Time:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += max(seconds, 1e-6)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def session(tmp_path, sessions):
    return sessions.record(tmp_path / "s", range(20))


def replay(session, time, **options):
    return ReplaySource(session, clock=time.clock, sleep=time.sleep, **options)


def read_all(source):
    found = []
    while not source.finished:
        frame = source.read(0.5)
        if frame is not None:
            found.append(frame)
    return found


@pytest.mark.parametrize("speed", [1.0, 2.0, 0.5])
def test_frames_come_at_their_recorded_times(session, time, sessions, speed):
    source = replay(session, time, speed=speed)
    began = time.now_s
    for index in range(20):
        sessions.assert_same(source.read(5.0), index)
        assert time.now_s - began == pytest.approx(index * 0.02 / speed, abs=1e-4)
    assert source.finished
    assert source.read(0.5) is None


def test_a_frame_that_is_not_due_is_not_delivered(session, time):
    source = replay(session, time, speed=0.1)
    assert source.read(0.05).index == 0
    assert source.read(0.05) is None
    assert source.read(5.0).index == 1


def test_at_full_speed_no_frame_waits_and_none_is_skipped(tmp_path, sessions, time):
    session = sessions.record(tmp_path / "long", range(200))
    fifo: BlockingFifo[Frame] = BlockingFifo(2)
    hub = Hub(replay(session, time, speed=None), pace_with=fifo)
    began = time.now_s
    hub.start()
    for index in range(200):
        sessions.assert_same(fifo.get(sessions.WAIT_S), index)
    assert fifo.get(sessions.WAIT_S) is None
    hub.stop()
    assert hub.error is None
    assert hub.stats().lost == 0
    assert time.now_s == began


def test_pause_holds_the_stream_and_resume_goes_on_with_the_next_frame(session, time):
    source = replay(session, time)
    assert source.read(1.0).index == 0
    source.pause()
    began = time.now_s
    assert source.read(3.0) is None
    assert time.now_s >= began + 3.0
    assert source.paused
    assert not source.finished
    source.resume()
    assert source.read(1.0).index == 1
    # The pause is not caught up with: the pace is the recorded one again.
    before = time.now_s
    assert source.read(1.0).index == 2
    assert time.now_s - before == pytest.approx(0.02, abs=1e-4)


def test_seek_goes_on_from_there_forwards_and_backwards(session, time):
    source = replay(session, time)
    source.seek(12)
    assert [source.read(1.0).index for _ in range(3)] == [12, 13, 14]
    source.seek(3)
    assert source.position == 3
    assert [source.read(1.0).index for _ in range(2)] == [3, 4]
    assert source.position == 4
    assert source.jumps == 2


def test_seek_while_paused_shows_that_one_frame(session, time):
    source = replay(session, time)
    source.pause()
    source.seek(7)
    assert source.read(1.0).index == 7
    assert source.read(1.0) is None
    source.resume()
    assert source.read(1.0).index == 8


@pytest.mark.parametrize(
    ("sought", "shown", "next_one"), [(0, [0, 1], 2), (7, [6, 7], 8), (4, [3, 4], 5)]
)
def test_seek_while_paused_shows_the_other_channel_of_that_moment_too(
    tmp_path, sessions, time, sought, shown, next_one
):
    both = ("red", "green")
    with sessions.recording(tmp_path / "two", info=replace(sessions.INFO, channels=both)) as writer:
        for index in range(12):
            writer.offer(replace(sessions.frame(index), channel=both[index % 2]))
    source = replay(read_session(tmp_path / "two"), time)
    source.pause()
    source.seek(sought)
    found = [source.read(1.0) for _ in range(2)]
    assert [one.index for one in found] == shown
    assert {one.channel for one in found} == set(both)
    assert source.position == sought
    assert source.read(1.0) is None
    source.resume()
    assert source.read(1.0).index == next_one


@pytest.mark.parametrize(("asked", "shown"), [(-5, 0), (99, 19)])
def test_seek_stays_within_the_session(session, time, asked, shown):
    source = replay(session, time)
    source.seek(asked)
    assert source.read(1.0).index == shown


def test_speed_can_be_changed_on_the_way(session, time):
    source = replay(session, time)
    source.read(1.0)
    source.speed = None
    before = time.now_s
    assert len(read_all(source)) == 19
    assert time.now_s == before


@pytest.mark.parametrize("speed", [0.0, -1.0])
def test_a_speed_that_moves_nowhere_is_refused(session, speed):
    with pytest.raises(ValueError, match="positive number"):
        ReplaySource(session, speed=speed)


def test_held_at_the_end_an_operator_can_seek_back(session, time):
    source = replay(session, time, speed=None, hold_at_end=True)
    assert [source.read(1.0).index for _ in range(20)] == list(range(20))
    assert source.read(1.0) is None
    assert not source.finished
    source.seek(18)
    assert source.read(1.0).index == 18
    source.stop()
    assert source.finished
    assert source.read(1.0) is None


def test_begun_again_where_it_stands_still_it_shows_its_frame_once_more(session, time):
    source = replay(session, time, speed=None, hold_at_end=True)
    source.start()
    source.pause()
    assert source.read(1.0) is None  # at first nothing was shown
    source.seek(7)
    assert source.read(1.0).index == 7
    source.stop()
    source.start()
    assert [source.read(1.0).index, source.read(1.0)] == [7, None]
    source.resume()
    assert [source.read(1.0).index for _ in range(12)] == list(range(8, 20))
    source.stop()
    source.start()
    assert [source.read(1.0).index, source.read(1.0)] == [19, None]
    source.seek(3)
    assert source.read(1.0).index == 3
    source.stop()
    source.start()  # it plays: nothing comes twice
    assert source.read(1.0).index == 4


def test_seeking_back_is_no_loss_and_no_disorder_for_the_hub(session, time):
    source = replay(session, time, speed=None)

    class SeeksBackOnce:
        def __init__(self) -> None:
            self.indices: list[int] = []

        def offer(self, frame: Frame) -> None:
            self.indices.append(frame.index)
            if len(self.indices) == 10:
                source.seek(15)
            if len(self.indices) == 12:
                source.seek(2)

    sink = SeeksBackOnce()
    hub = Hub(source)
    hub.attach(sink)
    hub.start()
    assert hub.wait_finished(10.0)
    hub.stop()
    assert sink.indices == [*range(10), 15, 16, *range(2, 20)]
    stats = hub.stats()
    assert (stats.lost, stats.out_of_order, stats.duplicated) == (0, 0, 0)


def test_the_origin_names_the_session(session, time):
    source = replay(session, time)
    assert source.info.origin == "session s"
    assert source.info.pixel_size_um == session.info.pixel_size_um


def test_an_empty_session_is_finished_at_once(tmp_path, sessions, time):
    source = replay(sessions.record(tmp_path / "empty", []), time)
    assert source.finished
    assert source.read(1.0) is None


def test_a_damaged_frame_ends_the_replay_with_its_name(session, time):
    path, begin = place_of(session.folder / "frames.ome.zarr", 4, session.info)
    os.truncate(path, begin + 5)
    hub = Hub(replay(session, time, speed=None))
    hub.start()
    assert hub.wait_finished(10.0)
    hub.stop()
    assert isinstance(hub.error, SessionError)
    assert "Frame 4 of session" in str(hub.error)
    assert hub.stats().captured == 4


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_clock_that_was_set_during_the_recording_does_not_upset_the_pace(
    tmp_path, sessions, time, jump_s
):
    with sessions.recording(tmp_path / "jump") as writer:
        for index in range(10):
            one = sessions.frame(index)
            writer.offer(replace(one, time_s=one.time_s + (jump_s if index >= 5 else 0.0)))
    source = replay(read_session(tmp_path / "jump"), time)
    began_s = time.now_s
    got = [source.read(1.0).index for _ in range(10)]
    assert got == list(range(10))
    # Ten frames 20 ms apart have nine intervals, of which one is unknown.
    assert time.now_s - began_s == pytest.approx(8 * 0.02, abs=0.001)


def indices(source, count):
    return [source.read(1.0).index for _ in range(count)]


def test_a_loop_goes_from_the_end_to_the_beginning_and_never_finishes(session, time):
    source = replay(session, time)
    source.seek(18)
    source.loop = True
    assert indices(source, 4) == [18, 19, 0, 1]
    assert not source.finished


def test_from_a_to_b_it_plays_only_what_lies_between(session, time):
    source = replay(session, time)
    source.span = (7, 4)
    source.seek(4)
    source.loop = True
    assert indices(source, 9) == [4, 5, 6, 7, 4, 5, 6, 7, 4]
    source.loop = False
    assert indices(source, 3) == [5, 6, 7]
    assert source.finished
    assert source.at_end
    source.span = None
    assert source.span == (0, 19)
    assert indices(source, 1) == [8]


def test_a_frame_beyond_b_is_shown_when_sought_and_then_a_follows(session, time):
    source = replay(session, time, hold_at_end=True)
    source.span = (2, 5)
    source.loop = True
    source.seek(12)
    assert indices(source, 3) == [12, 2, 3]


def test_single_steps_stand_still_and_stay_inside(session, time):
    source = replay(session, time)
    assert indices(source, 3) == [0, 1, 2]
    source.step(1)
    assert source.paused
    assert indices(source, 1) == [3]
    assert source.read(0.5) is None
    source.step(-2)
    assert indices(source, 1) == [1]
    source.step(-9)
    assert indices(source, 1) == [0]


def test_a_loop_is_no_loss_to_the_hub(session, time):
    source = replay(session, time, speed=None)
    source.span, source.loop = (3, 5), True
    source.seek(3)
    fifo = BlockingFifo[Frame]()
    hub = Hub(source, pace_with=fifo)
    hub.start()
    found = [fifo.get(5.0).index for _ in range(7)]
    hub.stop()
    assert found == [3, 4, 5, 3, 4, 5, 3]
    assert (hub.stats().lost, hub.stats().out_of_order) == (0, 0)
