from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from deepz_live.acquire.camera_source import CameraSource
from deepz_live.acquire.simulated.camera import SimulatedCamera
from deepz_live.acquire.simulated.core import FrameQueue
from deepz_live.config import load_profile
from deepz_live.stream.frame import Frame
from deepz_live.stream.source import SourceError
from tests.acquire.conftest import CONFIGS, Opener, small_profile


def frames(source: CameraSource, count: int) -> Iterator[Frame]:
    for _ in range(count):
        frame = source.read(5.0)
        assert frame is not None
        yield frame


def test_frames_come_in_order_with_their_own_pixels(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(10**6))
    # The camera never gets further ahead than half the buffer, however busy the machine is.
    room = threading.Semaphore(16)

    def numbered(self: SimulatedCamera, *_: object) -> np.ndarray:
        room.acquire(timeout=5.0)
        return np.full(self.shape(), next(numbers), np.uint16)

    monkeypatch.setattr(SimulatedCamera, "render", numbered)
    # A buffer of 1 MB holds 32 frames: 300 of them go round it many times.
    source = opened(small_profile(camera={"buffer_mb": 1, "frame_rate_hz": 1000})).camera_source()
    source.start()
    got = []
    for frame in frames(source, 300):
        got.append(frame)
        room.release()
    room.release(100)  # whatever it still renders before it hears of the stop
    source.stop()
    assert [frame.index for frame in got] == list(range(300))
    assert all((frame.pixels == frame.index).all() for frame in got)
    assert source.lost == 0
    assert np.all(np.diff([frame.time_s for frame in got]) > 0)


def test_frames_tell_stage_height_and_time(opened: Opener) -> None:
    microscope = opened()
    microscope.move_z(7.5)
    source = microscope.camera_source()
    source.start()
    before = time.monotonic()
    got = list(frames(source, 5))
    source.stop()
    assert {frame.z_um for frame in got} == {7.5}
    assert before - 0.1 < got[0].time_s <= time.monotonic()
    assert source.info.shape == got[0].pixels.shape == (128, 128)


def test_a_stage_that_fails_to_answer_now_and_then_costs_no_frame(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepz_live.acquire.camera_source.Z_POLL_S", 0.0)
    microscope = opened(load_profile(CONFIGS / "micromanager-demo.yaml"))
    microscope.move_z(3.0)
    ask, asked = microscope.core.getPosition, iter(range(10**6))

    def flaky() -> float:
        if next(asked) in (2, 3):
            raise RuntimeError("serial time-out")
        return ask()

    microscope.core.getPosition = flaky
    source = microscope.camera_source()
    source.start()
    got = list(frames(source, 6))
    source.stop()
    assert [frame.index for frame in got] == list(range(6))
    assert [frame.z_um for frame in got] == [pytest.approx(3.0)] * 6
    microscope.core.getPosition = ask


def test_a_stage_that_never_answered_is_named(opened: Opener) -> None:
    microscope = opened(load_profile(CONFIGS / "micromanager-demo.yaml"))
    ask = microscope.core.getPosition
    microscope.core.getPosition = failing
    source = microscope.camera_source()
    source.start()
    with pytest.raises(SourceError, match="does not say where it stands"):
        source.read(5.0)
    source.stop()
    microscope.core.getPosition = ask


def failing(*_: object) -> Any:
    raise RuntimeError("it does not answer")


def test_a_shutter_that_does_not_answer_is_named(opened: Opener) -> None:
    microscope = opened()
    shutter = microscope.built_in.view.shutter
    source = microscope.camera_source()
    shutter.set_open = failing
    with pytest.raises(SourceError, match=r"camera did not start .*does not answer"):
        source.start()
    del shutter.set_open
    source.start()
    shutter.set_open = failing
    with pytest.raises(SourceError, match=r"shutter did not close .*by hand"):
        source.stop()
    assert not microscope.core.isSequenceRunning()
    del shutter.set_open


def test_the_shutter_is_open_while_streaming_only(opened: Opener) -> None:
    microscope = opened()
    source = microscope.camera_source()
    source.start()
    assert microscope.core.getShutterOpen()
    source.stop()
    source.stop()
    assert not microscope.core.getShutterOpen()
    assert source.finished
    assert source.read(0.0) is None


def test_a_camera_that_breaks_down_is_an_error_after_its_last_frame(opened: Opener) -> None:
    source = opened(small_profile(camera={"fail_after_frames": 7})).camera_source()
    source.start()
    assert [frame.index for frame in frames(source, 7)] == list(range(7))
    with pytest.raises(SourceError, match=r"stopped by itself after 7 frames .*broke down"):
        source.read(5.0)
    source.stop()


def test_a_frame_of_another_size_is_an_error(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    microscope = opened()
    source = microscope.camera_source()
    monkeypatch.setattr(SimulatedCamera, "shape", lambda _: (64, 64))
    monkeypatch.setattr(SimulatedCamera, "render", lambda *_: np.zeros((64, 64), np.uint16))
    source.start()
    with pytest.raises(SourceError, match=r"\(64, 64\).*\(128, 128\)"):
        source.read(5.0)
    source.stop()


def test_an_overflow_is_an_error_after_the_frames_that_fitted(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, refused = iter(range(10**6)), threading.Event()
    acquire = FrameQueue.acquire_slot

    def numbered(self: SimulatedCamera, *_: object) -> np.ndarray:
        return np.full(self.shape(), next(numbers), np.uint16)

    def watched(self: FrameQueue, *shape: Any) -> np.ndarray:
        try:
            return acquire(self, *shape)
        except BufferError:
            refused.set()
            raise

    monkeypatch.setattr(SimulatedCamera, "render", numbered)
    monkeypatch.setattr(FrameQueue, "acquire_slot", watched)
    microscope = opened(small_profile(camera={"buffer_mb": 1, "frame_rate_hz": 1000}))
    source = microscope.camera_source()
    source.start()
    assert refused.wait(20)
    got = list(frames(source, 32))
    assert [frame.index for frame in got] == list(range(32))
    assert all((frame.pixels == frame.index).all() for frame in got)
    with pytest.raises(SourceError, match="after 32 frames the buffer of 1 MB overflowed"):
        source.read(5.0)
    source.stop()


def test_a_full_queue_gives_up_its_oldest_frames_and_says_so() -> None:
    queue = FrameQueue(1)
    for number in range(40):
        queue.acquire_slot((128, 256), np.uint16)[:] = number
        queue.finalize_slot({"n": number})
    assert queue.overflow_occurred
    assert len(queue) == 16
    first = queue.pop_next()
    assert first is not None
    assert first[1]["n"] == 24
    assert (first[0] == 24).all()
    assert queue.used_bytes == 15 * 2**16


def test_a_region_shows_its_part_of_the_frame(opened: Opener) -> None:
    microscope = opened(small_profile(camera={"noise": False}))
    whole = microscope.snap().pixels
    microscope.core.setROI(10, 20, 64, 32)
    np.testing.assert_array_equal(microscope.snap().pixels, whole[20:52, 10:74])
    assert microscope.info.shape == (32, 64)
    with pytest.raises(Exception, match="does not lie within"):
        microscope.core.setROI(100, 0, 64, 32)
    microscope.core.clearROI()
    assert microscope.snap().pixels.shape == (128, 128)


def test_a_closed_shutter_gives_a_dark_frame(opened: Opener) -> None:
    microscope = opened(small_profile(camera={"noise": False}))
    assert microscope.snap().pixels.max() > 100
    microscope.core.setAutoShutter(False)
    assert microscope.snap().pixels.max() == 100
