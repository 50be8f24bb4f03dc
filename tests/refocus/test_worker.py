"""The refocus thread: newest frame wins, requests take effect at once, errors do not end it."""

from __future__ import annotations

import queue
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.image.dpm import Uniform
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SurfaceCut
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.view import ViewRequest, digest
from deepz_live.refocus.worker import RefocusWorker
from deepz_live.stream.fifo import BlockingFifo
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.slots import LatestSlot
from tests.bundles import facts_of

Z_UM = tuple(np.arange(-5.0, 5.1, 1.0))
FACTS = facts_of(Z_UM, pixel_size_um=0.65)
INFO = StreamInfo((64, 64), "uint16", 0.65, 20.0, "TexasRed", 20.0, "test")
WAIT_S = 10.0


def planes(*depths_um: float) -> ViewRequest:
    return ViewRequest(tuple(PlaneCut(depth) for depth in depths_um))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class GatedEngine:
    """Says which frame it begins with, and goes on when let; planes hold bead + their z."""

    provider = "fake"
    reason = "test"

    def __init__(self, gated: bool = True) -> None:
        self.bundle = SimpleNamespace(facts=FACTS)
        self.began: queue.Queue[int] = queue.Queue()
        self._gate = threading.Semaphore(0 if gated else 10**6)
        self.fail_on: set[int] = set()

    def let(self) -> None:
        self._gate.release()

    def volume(self, pixels):
        mark = int(pixels[0, 0])
        self.began.put(mark)
        if not self._gate.acquire(timeout=WAIT_S):
            raise TimeoutError("nobody opened the gate")
        if mark in self.fail_on:
            raise ValueError(f"frame {mark} is broken")
        base = pixels.astype(np.float32)
        return np.stack([base + np.float32(1000 * z) for z in Z_UM])

    def surface(self, pixels, dpm):
        raise NotImplementedError

    def close(self) -> None:
        pass


def frame(index: int, time_s: float = 0.0, z_um: float = 0.0) -> Frame:
    pixels = np.random.default_rng(0).integers(500, 1000, (64, 64), dtype=np.uint16)
    pixels[0, 0] = index
    return Frame(pixels, index, time_s, z_um, 20.0, "TexasRed")


@pytest.fixture
def rig():
    """Starts workers and ends them, whatever a test did."""
    workers = []

    def make(engine=None, slot=None, **options):
        engine = engine or GatedEngine()
        slot = slot if slot is not None else LatestSlot()
        request = options.pop("request", planes(-1.0, 0.0, 1.0))
        worker = RefocusWorker(slot, engine, request=request, info=INFO, **options)
        workers.append((worker, engine))
        worker.start()
        return worker, engine, slot

    yield make
    for worker, engine in workers:
        engine.let()
        worker.stop(WAIT_S)


def test_newest_frame_wins_and_skipped_ones_are_counted(rig):
    worker, engine, slot = rig()
    slot.put(frame(1))
    assert engine.began.get(timeout=WAIT_S) == 1
    for index in (2, 3, 4):
        slot.put(frame(index))
    engine.let()
    assert worker.results.get(WAIT_S).frame.index == 1
    assert engine.began.get(timeout=WAIT_S) == 4
    engine.let()
    assert worker.results.get(WAIT_S).frame.index == 4
    assert worker.stats().skipped == 2
    assert worker.stats().refocused == 2


def test_fifo_skips_nothing_and_the_worker_ends_with_it(rig):
    engine, seen = GatedEngine(gated=False), []
    fifo = BlockingFifo(10)
    for index in range(8):
        fifo.put(frame(index))
    fifo.close()
    worker = RefocusWorker(fifo, engine, request=planes(0.0), info=INFO)
    worker.on_result.append(lambda result: seen.append(result.frame.index))
    worker.start()
    assert worker.join(WAIT_S)
    worker.stop()
    assert seen == list(range(8))
    assert worker.stats().skipped == 0


def test_request_changed_while_the_network_runs_is_answered_with_that_frame(rig):
    worker, engine, slot = rig()
    slot.put(frame(7))
    engine.began.get(timeout=WAIT_S)
    worker.request = planes(2.0)
    engine.let()
    result = worker.results.get(WAIT_S)
    assert result.cuts == (PlaneCut(2.0),)
    assert result.images[0].shape == (64, 64)
    assert result.images[0][0, 0] == 7 + 2000


def test_view_made_for_an_older_request_is_discarded(rig, monkeypatch):
    """The request changes between cutting the view and publishing it."""
    from deepz_live.refocus import worker as module

    real, asked = module.make_view, []

    def slow_view(volume, z, pixel, request, shift, dpms):
        asked.append(request)
        if len(asked) == 1:
            worker.request = planes(3.0)
        return real(volume, z, pixel, request, shift, dpms)

    monkeypatch.setattr(module, "make_view", slow_view)
    worker, _, slot = rig(GatedEngine(gated=False))
    slot.put(frame(1))
    result = worker.results.get(WAIT_S)
    assert asked == [planes(-1.0, 0.0, 1.0), planes(3.0)]
    assert result.cuts == (PlaneCut(3.0),)
    assert worker.stats().discarded == 1
    assert worker.stats().refocused == 1


def test_request_outside_the_range_is_refused_and_the_old_one_stays(rig):
    worker, _, _ = rig()
    with pytest.raises(RefocusError, match=r"\+7 µm is outside the range -5 … \+5 µm"):
        worker.request = planes(7.0)
    with pytest.raises(RefocusError, match=r"-6 µm is outside"):
        worker.request = planes(0.0, -6.0)
    assert worker.request == planes(-1.0, 0.0, 1.0)


def test_frame_that_fails_is_told_and_the_next_one_is_refocused(rig):
    engine = GatedEngine(gated=False)
    engine.fail_on = {1}
    worker, _, slot = rig(engine)
    slot.put(frame(1))
    assert engine.began.get(timeout=WAIT_S) == 1
    slot.put(frame(2))
    assert worker.results.get(WAIT_S).frame.index == 2
    assert "frame 1 is broken" in str(worker.error)
    assert worker.stats().failed == 1
    worker.clear_error()
    assert worker.error is None


def test_latency_runs_from_capture_to_publication(rig):
    clock = Clock()
    clock.now = 12.5
    worker, engine, slot = rig(clock=clock)
    slot.put(frame(1, time_s=12.5))
    engine.began.get(timeout=WAIT_S)
    clock.now = 12.75
    engine.let()
    assert worker.results.get(WAIT_S).latency_s == pytest.approx(0.25)
    slot.put(frame(2, time_s=12.75))
    engine.began.get(timeout=WAIT_S)
    engine.let()
    worker.results.get(WAIT_S)
    worker.stop(WAIT_S)
    assert worker.stats().latency_ms_p50 == pytest.approx(125)


def test_digest_is_that_of_the_volume_whatever_is_looked_at(rig):
    engine = GatedEngine(gated=False)
    worker, _, slot = rig(engine)
    slot.put(frame(1))
    first = worker.results.get(WAIT_S)
    worker.request = ViewRequest((PlaneCut(4.0), ProjectionCut("mean")), compensate=True)
    slot.put(frame(1))
    second = worker.results.get(WAIT_S)
    assert first.digest == second.digest == digest(engine.volume(frame(1).pixels))
    slot.put(frame(2))
    assert worker.results.get(WAIT_S).digest != first.digest


def test_projections_and_surfaces_are_as_asked(rig):
    cuts = (ProjectionCut("max"), PlaneCut(1.5), ProjectionCut("mean"))
    worker, _, slot = rig(GatedEngine(gated=False), request=ViewRequest(cuts))
    slot.put(frame(9))
    highest, plane, mean = worker.results.get(WAIT_S).images
    assert highest[0, 0] == 9 + 5000
    assert plane[0, 0] == 9 + 1500
    assert mean[0, 0] == pytest.approx(9)
    worker.request = ViewRequest((SurfaceCut(Uniform(2.0), 1.0),))
    slot.put(frame(9))
    (surface,) = worker.results.get(WAIT_S).images
    assert surface[0, 0] == 9 + 3000


def test_a_request_is_answered_with_the_last_frame_while_no_other_comes(rig):
    """A replay that stands still."""
    worker, _, slot = rig(GatedEngine(gated=False))
    remade: queue.Queue = queue.Queue()
    worker.on_remade.append(remade.put)
    slot.put(frame(4))
    first = worker.results.get(WAIT_S)
    worker.request = planes(3.0)
    again = remade.get(timeout=WAIT_S)
    assert again.frame is first.frame
    assert again.images[0][0, 0] == 4 + 3000
    assert again.digest == first.digest
    assert worker.stats().refocused == 1


def test_channels_with_one_engine_are_all_cut_anew_while_no_frame_comes(rig):
    """Its stack is of the last one: the other's is made once more."""
    worker, engine, slot = rig(GatedEngine(gated=False), slot=BlockingFifo(4))
    remade: queue.Queue = queue.Queue()
    worker.on_remade.append(remade.put)
    firsts = [frame(4), replace(frame(5), channel="FITC")]
    for one in firsts:
        assert slot.put(one, WAIT_S)
        assert worker.results.get(WAIT_S) is not None
    for depth_um in (3.0, 4.0):
        worker.request = planes(depth_um)
        again = [remade.get(timeout=WAIT_S) for _ in firsts]
        assert {one.frame.channel: one.images[0][0, 0] for one in again} == {
            "TexasRed": 4 + 1000 * depth_um,
            "FITC": 5 + 1000 * depth_um,
        }
    asked = worker.ask(lambda snapshot: snapshot.stack.planes([0.0])[0, 0, 0], "FITC")
    assert asked.result(WAIT_S) == 5
    # One run a frame, and one more for each time that the other channel's was needed.
    assert engine.began.qsize() <= 2 + 2 + 1


def test_a_question_sees_the_newest_stack_on_the_workers_thread(rig):
    worker, _, slot = rig(GatedEngine(gated=False))
    asked = worker.ask(
        lambda seen: (seen.frame.index, seen.stack.shape, threading.current_thread().name)
    )
    slot.put(frame(5))
    assert asked.result(WAIT_S) == (5, (len(Z_UM), 64, 64), "refocus")
    later = worker.ask(lambda seen: float(seen.stack.planes([2.0])[0, 0, 0]))
    assert later.result(WAIT_S) == 5 + 2000


def test_a_question_that_refocuses_another_image_leaves_the_next_one_the_frames_stack(rig):
    engine = GatedEngine(gated=False)
    worker, _, slot = rig(engine)
    slot.put(frame(6))
    worker.results.get(WAIT_S)
    other = worker.ask(lambda seen: float(seen.engine.volume(frame(50).pixels)[0, 0, 0]))
    own = worker.ask(lambda seen: float(seen.stack.planes([0.0])[0, 0, 0]))
    assert other.result(WAIT_S) == 50 - 5000
    assert own.result(WAIT_S) == 6


def test_a_question_that_fails_tells_who_asked_and_refocusing_goes_on(rig):
    worker, _, slot = rig(GatedEngine(gated=False))

    def broken(_):
        raise ValueError("on purpose")

    asked = worker.ask(broken)
    slot.put(frame(1))
    with pytest.raises(ValueError, match="on purpose"):
        asked.result(WAIT_S)
    assert worker.error is None
    slot.put(frame(2))
    assert worker.ask(lambda seen: seen.frame.index).result(WAIT_S) in (1, 2)


def test_questions_that_nobody_will_answer_end_with_the_worker(rig):
    worker, _, _ = rig(GatedEngine(gated=False))
    waiting = worker.ask(lambda seen: seen)
    worker.stop(WAIT_S)
    for question in (waiting, worker.ask(lambda seen: seen)):
        with pytest.raises(RefocusError, match="ended before"):
            question.result(WAIT_S)


def test_frame_unlike_the_training_carries_a_warning(rig):
    worker, _, slot = rig(GatedEngine(gated=False))
    bright = frame(1)
    slot.put(replace(bright, pixels=bright.pixels * 60))
    (warning,) = worker.results.get(WAIT_S).warnings
    assert "times as bright" in warning


def test_stopping_twice_or_before_the_start_is_harmless():
    worker = RefocusWorker(LatestSlot(), GatedEngine(), request=planes(0.0))
    worker.stop()
    worker.stop()
    assert not worker.running


def test_network_that_hangs_is_told_at_the_stop(rig):
    worker, engine, slot = rig()
    slot.put(frame(1))
    engine.began.get(timeout=WAIT_S)
    with pytest.raises(RefocusError, match="did not end within"):
        worker.stop(0.01)
