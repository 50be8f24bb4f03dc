"""An hour of streaming, refocusing and recording holds no more memory than its first minutes."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

from deepz_live.app.live import LiveSession
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.view import ViewRequest
from deepz_live.session.reader import read_session
from tests.app.live_fakes import WAIT_S, Camera, Engine, frame
from tests.clock import Time

RATE_HZ = 2
MINUTES = 60
SETTLED = 20
"""After so many minutes every window and history of bounded length is full or negligible."""


@pytest.mark.slow
def test_memory_is_flat_over_an_hour_of_simulated_time(tmp_path):
    time, held = Time(), []

    def hour():
        for minute in range(MINUTES):
            for count in range(60 * RATE_HZ):
                time.sleep(1 / RATE_HZ)
                yield frame(60 * RATE_HZ * minute + count, time.now)
            yield measure

    def measure():
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])

    live = LiveSession(
        Camera(hour()),
        Engine(),
        record_to=tmp_path / "s",
        request=ViewRequest((PlaneCut(0.0),)),
        every_frame=True,
        clock=time,
    )
    tracemalloc.start()
    try:
        live.start()
        assert live.wait_finished(600)
        live.stop()
    finally:
        tracemalloc.stop()
    assert live.error is None
    assert len(read_session(tmp_path / "s")) == MINUTES * 60 * RATE_HZ
    assert live.summary()["frames_refocused"] == MINUTES * 60 * RATE_HZ
    settled = held[SETTLED:]
    frames = (len(settled) - 5) * 60 * RATE_HZ
    grown = (np.median(settled[-5:]) - np.median(settled[:5])) / frames
    # A single number kept of each frame would be 32 bytes.
    assert grown < 8, [round(one / 1e3) for one in held]
    assert live.summary()["latency_ms_p95"] < 1e3 * WAIT_S
