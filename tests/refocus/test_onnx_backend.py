"""The fastest provider that starts is taken, and those that fail are named."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.refocus import onnx_backend
from deepz_live.refocus.engine import RefocusError
from deepz_live.refocus.onnx_backend import choose, start

WARMUP = np.zeros((1, 1, 16, 16), np.float32)


class FakeSession:
    def __init__(self, seconds: float, clock: list[float]) -> None:
        self._seconds, self._clock = seconds, clock

    def get_inputs(self):
        return [SimpleNamespace(name="image")]

    get_outputs = get_inputs

    def run(self, outputs, feed):
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
    runner = choose(maker({"CUDA": 0.3, "CPU": 0.1}), ["CUDA", "CPU"], WARMUP, asked=False)
    assert runner.provider == "CPU"
    assert "CUDA 300 ms" in runner.reason
    assert "CPU 100 ms" in runner.reason


def test_provider_that_fails_is_reported_not_hidden(maker):
    runner = choose(maker({"CUDA": None, "CPU": 0.1}), ["CUDA", "CPU"], WARMUP, asked=False)
    assert runner.provider == "CPU"
    assert "CUDA failed to start (libfast of CUDA not found)" in runner.reason


def test_no_provider_at_all_is_an_error_with_a_cure(maker):
    with pytest.raises(RefocusError, match=r"CPU failed to start.*deepz-live doctor"):
        choose(maker({"CPU": None}), ["CPU"], WARMUP, asked=False)


def test_tensorrt_is_used_only_when_asked_for(maker):
    make = maker({"TensorRT": 0.01, "CPU": 0.1})
    assert choose(make, ["TensorRT", "CPU"], WARMUP, asked=False).provider == "CPU"
    assert choose(make, ["TensorRT"], WARMUP, asked=True).provider == "TensorRT"


def test_unknown_provider_lists_those_there_are(make_bundle):
    with pytest.raises(RefocusError, match=r"'TPU' is not available; .*CPU"):
        start(make_bundle().onnx_path, WARMUP, provider="TPU")


def test_provider_is_found_whatever_its_case(make_bundle):
    runner = start(make_bundle().onnx_path, WARMUP, provider="cpu", threads=1)
    assert runner.provider == "CPU"
    assert "asked for" in runner.reason


def test_session_that_falls_back_silently_counts_as_failed(make_bundle, monkeypatch):
    monkeypatch.setattr(onnx_backend, "available_providers", lambda: ("CUDA", "CPU"))
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        runner = start(make_bundle().onnx_path, WARMUP)
    assert runner.provider == "CPU"
    assert "CUDA failed to start" in runner.reason


def test_failing_network_names_the_size_and_the_provider(make_bundle):
    runner = start(make_bundle().onnx_path, WARMUP, provider="CPU")
    with pytest.raises(RefocusError, match=r"16 × 16 px with provider CPU"):
        runner.run(np.zeros((1, 3, 16, 16), np.float32))
