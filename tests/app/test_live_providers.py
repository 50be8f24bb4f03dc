"""Real networks under a live session: what runs them fails in mid-stream, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepz_live.app.live import LiveSession
from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.choice import Choice, Example
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.engine import stack_of
from deepz_live.refocus.engines import PlanesEngine
from deepz_live.refocus.fallback import FallbackRunner
from deepz_live.refocus.onnx_backend import candidates
from deepz_live.refocus.runner import Candidate
from deepz_live.refocus.torch_backend.cpu import CpuRunner
from deepz_live.refocus.torch_backend.cuda import CudaRunner
from deepz_live.refocus.view import ViewRequest, digest
from deepz_live.session.reader import read_session
from tests.app.live_fakes import WAIT_S, Camera, frame

COUNT, BREAKS_AT = 9, 5
EXAMPLE = Example(np.zeros((1, 1, 32, 32), np.float32))


@pytest.fixture
def lived(tmp_path):
    """``lived(engine)``: a recorded session of some frames, all of which are refocused."""

    def run(engine: PlanesEngine) -> LiveSession:
        live = LiveSession(
            Camera(map(frame, range(COUNT))),
            engine,
            record_to=tmp_path / "s",
            request=ViewRequest((PlaneCut(2.0),)),
            every_frame=True,
        )
        live.start()
        try:
            assert live.wait_finished(WAIT_S)
        finally:
            live.stop()
            engine.close()
        recorded = read_session(tmp_path / "s")
        assert [facts.index for facts in recorded.facts] == list(range(COUNT))
        for index in range(COUNT):
            np.testing.assert_array_equal(recorded.frame(index).pixels, frame(index).pixels)
        live.results = recorded.results
        return live

    return run


def digests(bundle, runner) -> list[int]:
    """Of every frame on one back end alone."""
    engine = PlanesEngine(bundle, runner)
    made = [digest(stack_of(engine, frame(index).pixels)) for index in range(COUNT)]
    engine.close()
    return made


def test_a_provider_that_fails_gives_the_very_frame_to_the_next(lived):
    bundle = shipped_bundle()
    (onnx,) = (one for one in candidates(bundle.onnx_path, threads=1) if one.name == "CPU")

    class Breaking(CpuRunner):
        runs = 0

        def run(self, batch):
            self.runs += 1
            if self.runs > BREAKS_AT:
                raise RuntimeError("device lost")
            return super().run(batch)

    name = "torch CPU fp32"
    first = Candidate(name, lambda: Breaking(bundle, name, torch.float32, threads=1))
    choice = Choice(first, first.make(), (onnx,), "for a test")
    live = lived(PlanesEngine(bundle, FallbackRunner(choice, EXAMPLE)))
    assert live.error is None
    told = f"{name} failed while running (device lost); refocusing goes on with CPU."
    assert told in live.latest_result().warnings
    providers = [line["provider"] for line in live.results]
    assert providers == [name] * BREAKS_AT + ["CPU"] * (COUNT - BREAKS_AT)
    by_torch = digests(bundle, CpuRunner(bundle, name, torch.float32, threads=1))
    wanted = by_torch[:BREAKS_AT] + digests(bundle, onnx.make())[BREAKS_AT:]
    assert [line["digest"] for line in live.results] == wanted


def test_a_card_whose_memory_is_taken_goes_on_with_planes_that_leave_it(lived, monkeypatch):
    """Another program takes the card's memory in mid-stream; here the card is a processor."""
    bundle = shipped_bundle()
    way, seen = CudaRunner._way, []

    def taken(self, form, pixels):
        seen.append(pixels.shape)
        if len(seen) > BREAKS_AT:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return way(self, form, pixels)

    monkeypatch.setattr(CudaRunner, "_way", taken)
    runner = CudaRunner(bundle, "torch CUDA fp32", torch.float32, device="cpu")
    live = lived(PlanesEngine(bundle, runner))
    assert live.error is None
    assert len(seen) == BREAKS_AT + 1  # once: later frames do not try again
    assert [line["index"] for line in live.results] == list(range(COUNT))
    (told,) = (one for one in live.latest_result().warnings if "Memory ran out" in one)
    assert "provider torch CUDA fp32" in told
    (plane,) = live.latest_result().images
    alone = PlanesEngine(bundle, CpuRunner(bundle, "torch", torch.float32, threads=1))
    wanted = stack_of(alone, frame(COUNT - 1).pixels).planes([2.0])[0]
    np.testing.assert_allclose(plane, wanted, rtol=1e-3, atol=0.5)
