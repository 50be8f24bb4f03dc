"""The fastest provider that starts is taken, and those that fail are named."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.refocus import onnx_backend
from deepz_live.refocus.choice import Example, choose
from deepz_live.refocus.engine import open_engine
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.onnx_backend import from_sessions

WARMUP = Example(np.zeros((1, 1, 16, 16), np.float32))


class FakeSession:
    def __init__(self, seconds: float, clock: list[float]) -> None:
        self._seconds, self._clock = seconds, clock

    def get_inputs(self):
        return [SimpleNamespace(name="image")]

    get_outputs = get_inputs

    def run(self, outputs, feed, options):
        self._clock[0] += self._seconds
        return [feed["image"]]


@pytest.fixture
def maker(monkeypatch):
    """Sessions that take a given time on a clock of their own; None fails to start."""
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def make_maker(seconds: dict[str, float | None]):
        def make(name: str):
            if seconds[name] is None:
                raise RuntimeError(f"libfast of {name} not found\nlong stack")
            return FakeSession(seconds[name], clock)

        return make

    return make_maker


def test_fastest_is_chosen_and_all_times_are_told(maker):
    found = from_sessions(maker({"CUDA": 0.3, "CPU": 0.1}), ["CUDA", "CPU"])
    choice = choose(found, WARMUP)
    assert choice.candidate.name == "CPU"
    assert "CUDA 300 ms" in choice.reason
    assert "CPU 100 ms" in choice.reason
    assert [one.name for one in choice.others] == ["CUDA"]


def test_provider_that_fails_is_reported_not_hidden(maker):
    choice = choose(from_sessions(maker({"CUDA": None, "CPU": 0.1}), ["CUDA", "CPU"]), WARMUP)
    assert choice.candidate.name == "CPU"
    assert "CUDA failed to start (libfast of CUDA not found)" in choice.reason
    assert choice.others == ()


def test_no_provider_at_all_is_an_error_with_a_cure(maker):
    with pytest.raises(RefocusError, match=r"CPU failed to start.*deepz-live doctor"):
        choose(from_sessions(maker({"CPU": None}), ["CPU"]), WARMUP)


def test_tensorrt_is_used_only_when_asked_for(maker):
    found = from_sessions(maker({"TensorRT": 0.01, "CPU": 0.1}), ["TensorRT", "CPU"])
    choice = choose(found, WARMUP)
    assert choice.candidate.name == "CPU"
    assert "TensorRT is there and used only when asked for" in choice.reason
    assert choose(found[:1], WARMUP, asked=True).candidate.name == "TensorRT"


def test_unknown_provider_lists_those_there_are(make_bundle):
    with pytest.raises(RefocusError, match=r"'TPU' is not available; .*CPU"):
        open_engine(make_bundle(), provider="TPU")


def test_provider_is_found_whatever_its_case(make_bundle):
    engine = open_engine(make_bundle(), provider="cpu", threads=1)
    assert engine.provider == "CPU"
    assert "asked for" in engine.reason


def test_preferred_provider_is_taken_where_it_is_to_be_had(make_bundle):
    bundle = make_bundle()
    assert "asked for" in open_engine(bundle, prefer="CPU", threads=1).reason
    other = open_engine(bundle, prefer="CUDA of another PC", threads=1)
    assert other.provider == "CPU"
    assert "CUDA of another PC was preferred" in other.reason


def test_session_that_falls_back_silently_counts_as_failed(make_bundle, monkeypatch):
    monkeypatch.setattr(onnx_backend, "available_providers", lambda: ("CUDA", "CPU"))
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        engine = open_engine(make_bundle())
    assert engine.provider == "CPU"
    assert "CUDA failed to start" in engine.reason


def test_failing_network_names_the_size_and_the_provider(make_bundle):
    (candidate,) = onnx_backend.candidates(make_bundle().onnx_path, threads=1)
    with pytest.raises(RefocusError, match=r"16 × 16 px with provider CPU"):
        candidate.make().run(np.zeros((1, 3, 16, 16), np.float32))
