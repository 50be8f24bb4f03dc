"""The pump takes every frame, hands it to everyone, and notices what is odd."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
import pytest

from deepz_live.stream.fifo import BlockingFifo
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.hub import Hub
from deepz_live.stream.source import SourceError

WAIT_S = 5.0
INFO = StreamInfo((2, 3), "uint16", 0.325, 100.0, "red", 10.0, "test")


def frame(index: int) -> Frame:
    """A frame that carries its index in its pixels."""
    return Frame(np.full((2, 3), index, np.uint16), index, index * 0.01, 0.0, 10.0, "red")


class ListSource:
    """Delivers frames with the given indices, then ends, or raises ``failure``."""

    def __init__(self, indices: Iterable[int], failure: Exception | None = None) -> None:
        self._indices = list(indices)
        self._failure = failure
        self.info = INFO
        self.lost = 0
        self.started = self.stopped = 0

    @property
    def finished(self) -> bool:
        return not self._indices and self._failure is None

    def start(self) -> None:
        self.started += 1

    def stop(self) -> None:
        self.stopped += 1

    def read(self, timeout_s: float) -> Frame | None:
        if self._indices:
            return frame(self._indices.pop(0))
        if self._failure is not None:
            raise self._failure
        return None


class EndlessSource(ListSource):
    """Never has a frame and never ends."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked = threading.Event()

    @property
    def finished(self) -> bool:
        return False

    def read(self, timeout_s: float) -> Frame | None:
        self.asked.set()
        return None


class Collector:
    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def offer(self, frame: Frame) -> None:
        self.frames.append(frame)


def run(hub: Hub) -> None:
    hub.start()
    assert hub.wait_finished(WAIT_S)
    hub.stop(WAIT_S)


def test_every_sink_gets_every_frame_with_its_own_pixels():
    hub = Hub(ListSource(range(500)))
    sinks = [Collector(), Collector()]
    for sink in sinks:
        hub.attach(sink)
    run(hub)
    for sink in sinks:
        assert [f.index for f in sink.frames] == list(range(500))
        assert all((f.pixels == f.index).all() for f in sink.frames)
    assert hub.stats().captured == 500
    assert hub.stats().lost == 0


def test_the_newest_frame_waits_in_latest_after_the_end():
    hub = Hub(ListSource(range(5)))
    run(hub)
    newest = hub.latest.get(0.0)
    assert newest is not None
    assert newest.index == 4
    assert hub.latest.skipped == 4
    assert hub.latest.closed


@pytest.mark.parametrize(
    ("indices", "lost", "duplicated", "out_of_order", "handed_on"),
    [
        ([0, 1, 2], 0, 0, 0, [0, 1, 2]),
        ([0, 3, 4, 9], 6, 0, 0, [0, 3, 4, 9]),
        ([0, 1, 1, 2], 0, 1, 0, [0, 1, 2]),
        ([0, 2, 1, 3], 1, 0, 1, [0, 2, 1, 3]),
        ([7, 8], 0, 0, 0, [7, 8]),
    ],
)
def test_odd_indices_are_counted(indices, lost, duplicated, out_of_order, handed_on):
    hub = Hub(ListSource(indices))
    sink = Collector()
    hub.attach(sink)
    run(hub)
    stats = hub.stats()
    assert (stats.lost, stats.duplicated, stats.out_of_order) == (lost, duplicated, out_of_order)
    assert [f.index for f in sink.frames] == handed_on


def test_what_the_source_reports_lost_is_lost():
    source = ListSource(range(3))
    source.lost = 11
    hub = Hub(source)
    run(hub)
    assert hub.stats().lost == 11


def test_a_source_that_fails_ends_the_stream_and_says_why():
    failure = SourceError("The camera was unplugged; plug it in.")
    source = ListSource(range(3), failure)
    hub = Hub(source)
    sink = Collector()
    hub.attach(sink)
    run(hub)
    assert hub.error is failure
    assert hub.stats().finished
    assert hub.latest.closed
    assert source.stopped == 1
    assert [f.index for f in sink.frames] == [0, 1, 2]


def test_a_source_that_also_fails_to_stop_does_not_hide_the_first_reason():
    first = SourceError("The camera was unplugged.")

    class Broken(ListSource):
        def stop(self) -> None:
            raise OSError("no device to stop")

    hub = Hub(Broken([], first))
    run(hub)
    assert hub.error is first


def test_a_source_that_cannot_start_leaves_no_thread():
    class Closed(ListSource):
        def start(self) -> None:
            raise SourceError("The camera is off; switch it on.")

    hub = Hub(Closed([0]))
    with pytest.raises(SourceError, match="switch it on"):
        hub.start()
    hub.stop(WAIT_S)


def test_a_hub_starts_once():
    hub = Hub(ListSource([0]))
    run(hub)
    with pytest.raises(SourceError, match="make a new hub"):
        hub.start()


def test_stop_ends_a_stream_that_never_delivers_and_may_be_called_again():
    source = EndlessSource()
    hub = Hub(source)
    hub.start()
    assert source.asked.wait(WAIT_S)
    hub.stop(WAIT_S)
    hub.stop(WAIT_S)
    assert source.stopped == 1
    assert hub.stats().finished
    assert hub.error is None


def test_a_driver_that_hangs_is_named_instead_of_waited_for():
    release = threading.Event()

    class Hanging(EndlessSource):
        def read(self, timeout_s: float) -> Frame | None:
            self.asked.set()
            release.wait(WAIT_S)
            return None

    source = Hanging()
    hub = Hub(source)
    hub.start()
    assert source.asked.wait(WAIT_S)
    with pytest.raises(SourceError, match="did not stop"):
        hub.stop(0.0)
    release.set()
    hub.stop(WAIT_S)


def test_a_detached_sink_gets_nothing_more():
    hub = Hub(ListSource(range(10)))
    leaving, kept = Collector(), Collector()
    hub.attach(leaving)
    hub.attach(kept)
    hub.detach(leaving)
    run(hub)
    assert leaving.frames == []
    assert len(kept.frames) == 10


def test_the_pump_waits_for_a_pacing_queue_so_that_no_frame_is_skipped():
    fifo: BlockingFifo[Frame] = BlockingFifo(2)
    hub = Hub(ListSource(range(300)), pace_with=fifo)
    hub.start()
    seen = []
    while (item := fifo.get(WAIT_S)) is not None:
        seen.append(item.index)
    hub.stop(WAIT_S)
    assert seen == list(range(300))


def test_stop_frees_a_pump_that_waits_for_a_pacing_queue():
    fifo: BlockingFifo[Frame] = BlockingFifo(1)
    hub = Hub(ListSource(range(300)), pace_with=fifo)
    hub.start()
    hub.stop(WAIT_S)
    assert hub.stats().finished


def test_indices_may_begin_anew_after_a_jump_in_a_seekable_source():
    class Jumping(ListSource):
        jumps = 0

        def read(self, timeout_s: float) -> Frame | None:
            found = super().read(timeout_s)
            if found is not None and found.index == 1 and len(self._indices) == 2:
                self.jumps = 1
            return found

    hub = Hub(Jumping([8, 9, 1, 2, 3]))
    run(hub)
    stats = hub.stats()
    assert (stats.captured, stats.lost, stats.out_of_order) == (5, 0, 0)


def test_frame_rate_is_measured_on_the_given_clock():
    ticks = iter(np.arange(0, 100, 0.05))
    hub = Hub(ListSource(range(20)), clock=lambda: float(next(ticks)))
    run(hub)
    assert hub.stats().fps == pytest.approx(20.0, rel=0.01)
