"""A provider that fails in mid-stream gives way to the next, and the operator is told."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.refocus import engines
from deepz_live.refocus.choice import Example, choose
from deepz_live.refocus.engines import PlanesEngine
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.fallback import FallbackRunner
from deepz_live.refocus.runner import Candidate, OutOfMemory, memory_error

Z_UM = (-2.0, -1.0, 0.0, 1.0, 2.0)
EXAMPLE = Example(np.zeros((1, 1, 16, 16), np.float32))


class FakeRunner:
    """Gives every plane its image times ``value``; ``trouble(batch)`` may raise."""

    notes = ()

    def __init__(self, name: str, value: float = 1.0, trouble=lambda _: None) -> None:
        self.provider = self.reason = name
        self.value, self.trouble = value, trouble
        self.closed = False
        self.seen: list[tuple[int, ...]] = []

    def run(self, batch):
        self.seen.append(batch.shape)
        self.trouble(batch)
        return np.repeat(batch, len(Z_UM), axis=1) * np.float32(self.value)

    def uniform(self, image, dpm):
        return self.run(image)

    def stack(self, pixels):
        return None

    def step_down(self, error):
        return False

    def close(self):
        self.closed = True


class Trouble:
    """Raises ``error`` once it is switched on."""

    def __init__(self, error: Exception) -> None:
        self.error, self.on = error, False

    def __call__(self, batch) -> None:
        if self.on:
            raise self.error


@pytest.fixture
def rig(make_bundle, monkeypatch):
    """An engine on the first of some fake runners, whatever the time they take."""
    monkeypatch.setattr("deepz_live.refocus.choice._seconds", lambda runner, _: runner.value)

    def make(*runners, asked=False, **facts):
        found = [Candidate(one.provider, lambda one=one: one) for one in runners]
        choice = choose(found, EXAMPLE, asked=asked)
        for one in runners:
            one.closed = False
        runner = FallbackRunner(choice, EXAMPLE)
        budget = facts.pop("pixel_budget", 10**7)
        return PlanesEngine(make_bundle(**facts), runner, pixel_budget=budget)

    return make


def frame(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(100, 1000, shape).astype(np.uint16)


def test_next_provider_goes_on_with_the_very_frame_and_it_is_said(rig):
    trouble = Trouble(RuntimeError("device lost\nlong stack"))
    first, second = FakeRunner("fast", 1.0, trouble), FakeRunner("slow", 2.0)
    engine = rig(first, second)
    pixels = frame(16, 16)
    before = engine.volume(pixels)
    assert (engine.provider, engine.notes) == ("fast", ())
    trouble.on = True
    after = engine.volume(pixels)
    np.testing.assert_allclose(after - 100, 2 * (before - 100), rtol=1e-5)
    assert engine.provider == "slow"
    (note,) = engine.notes
    assert note == "fast failed while running (device lost); refocusing goes on with slow."
    assert note in engine.reason
    assert first.closed
    assert not second.closed


def test_those_that_do_not_start_any_more_are_passed_over_and_named(rig):
    trouble = Trouble(RuntimeError("device lost"))
    first, second = FakeRunner("fast", 1.0, trouble), FakeRunner("slow", 2.0)
    last = FakeRunner("slowest", 3.0)
    engine = rig(first, second, last)
    runner = engine._runner

    def gone():
        raise OSError("library gone")

    runner._others[0] = Candidate("slow", gone)
    trouble.on = True
    engine.volume(frame(16, 16))
    assert engine.provider == "slowest"
    assert "slow failed to start (library gone)" in engine.reason


def test_the_last_provider_s_failure_is_an_error_and_the_next_frame_is_tried(rig):
    trouble = Trouble(RefocusError("The network failed."))
    engine = rig(FakeRunner("only", 1.0, trouble))
    trouble.on = True
    with pytest.raises(RefocusError, match="The network failed"):
        engine.volume(frame(16, 16))
    trouble.on = False
    assert engine.volume(frame(16, 16)).shape == (5, 16, 16)


def test_a_provider_that_disagrees_is_not_fallen_back_to():
    given = np.ones((1, 1, 8, 8), np.float32)
    wanted = np.ones((1, 5, 8, 8), np.float32)
    trouble = Trouble(RuntimeError("device lost"))
    right, wrong = FakeRunner("right", 1.0, trouble), FakeRunner("wrong", 3.0)
    candidates = [Candidate(one.provider, lambda one=one: one) for one in (right, wrong)]
    example = Example(given, given, wanted)
    choice = choose(candidates, example)
    assert "wrong failed to start (its planes differ from the model's by 2.0e+00" in choice.reason
    runner = FallbackRunner(choice, example)
    trouble.on = True
    with pytest.raises(RuntimeError, match="device lost"):
        runner.run(given)


def test_out_of_memory_halves_the_tile_and_says_so(rig):
    def little(batch) -> None:
        if batch.shape[2] * batch.shape[3] > 2500:
            raise OutOfMemory("Memory ran out on an image of some size with provider small.")

    runner = FakeRunner("small", 1.0, little)
    engine = rig(runner)
    pixels = frame(96, 96)
    volume = engine.volume(pixels)
    np.testing.assert_allclose(volume, np.repeat(pixels[None], 5, axis=0), rtol=1e-3)
    assert engine.provider == "small"
    assert "Memory ran out" in engine.notes[0]
    assert "in tiles of 0.0023 megapixels" in engine.notes[0]
    tried = len(runner.seen)
    engine.volume(pixels)
    # The next frame begins with the tiles that passed.
    assert max(shape[2] * shape[3] for shape in runner.seen[tried:]) <= 2500


def test_memory_short_of_the_smallest_tile_falls_to_the_next_provider(rig):
    def none_left(batch) -> None:
        raise OutOfMemory("Memory ran out.")

    engine = rig(FakeRunner("small", 1.0, none_left), FakeRunner("large", 2.0))
    assert engine.volume(frame(64, 64)).shape == (5, 64, 64)
    assert engine.provider == "large"


def test_a_provider_that_found_no_memory_to_start_is_tried_again_with_a_later_frame(rig):
    shortage = Trouble(OutOfMemory("Memory ran out."))
    engine = rig(FakeRunner("first", 1.0, shortage))

    def start():
        shortage(None)
        return FakeRunner("second", 2.0)

    engine._runner._others = [Candidate("second", start)]
    shortage.on = True
    for _ in range(3):
        with pytest.raises(OutOfMemory, match="too little memory"):
            engine.volume(frame(64, 48))
    assert engine.provider == "first"
    assert engine.reason.count("second failed to start") == 1
    # There is memory again, but the first stays broken, as oneDNN does.
    engine._runner._runner.trouble = Trouble(OutOfMemory("Memory ran out."))
    engine._runner._runner.trouble.on, shortage.on = True, False
    assert engine.volume(frame(64, 48)).shape == (5, 64, 48)
    assert engine.provider == "second"


def test_memory_short_of_every_tile_and_provider_says_what_to_do(rig):
    def none_left(batch) -> None:
        raise OutOfMemory("Memory ran out.")

    engine = rig(FakeRunner("only", 1.0, none_left))
    with pytest.raises(
        OutOfMemory, match=r"too little memory to refocus 64 × 48 px: 5 planes .* C"
    ):
        engine.volume(frame(64, 48))


def test_memory_that_runs_out_beside_the_network_makes_tiles_too(rig, monkeypatch):
    engine = rig(FakeRunner("small"))
    whole, tried = engines.run_image, []

    def full(run, image, **how):
        tried.append(how["pixel_budget"])
        if len(tried) < 3:
            raise MemoryError("Unable to allocate 164 MiB for an array")
        return whole(run, image, **how)

    monkeypatch.setattr(engines, "run_image", full)
    pixels = frame(96, 96)
    np.testing.assert_allclose(engine.volume(pixels), np.repeat(pixels[None], 5, axis=0), rtol=1e-3)
    assert tried[1:] == [96 * 96 // 2, 96 * 96 // 4]
    assert "Memory ran out on an image of 96 × 96 px with provider small." in engine.notes[0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_from_the_network_is_an_error_that_names_it(rig, value):
    broken = FakeRunner("broken")
    engine = rig(broken, FakeRunner("unasked", 10.0))
    broken.value = value
    with pytest.raises(
        RefocusError, match=r"NaN or infinity in \d+ of 1280 values with provider b"
    ):
        engine.volume(frame(16, 16))
    assert engine.provider == "broken"


def test_closed_engine_opens_no_other_provider(rig):
    second = FakeRunner("slow", 2.0)
    engine = rig(FakeRunner("fast"), second)
    second.closed = True
    engine.close()
    with pytest.raises(RefocusError, match="closed"):
        engine.volume(frame(16, 16))
    assert second.seen == []


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("could not create a primitive"),  # oneDNN, short of memory for its code
        RuntimeError("onnxruntime::BFCArena Failed to allocate memory for requested buffer"),
    ],
)
def test_words_of_drivers_for_missing_memory_are_known(error):
    assert memory_error(error)
    assert not memory_error(RuntimeError("memory format is not supported"))
