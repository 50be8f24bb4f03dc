"""Planes that stay on the device are those of the computer's memory; here the device is a CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepz_live.refocus.engines import GeneratorEngine, PlanesEngine
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.stack import ArrayStack
from deepz_live.refocus.torch_backend.cpu import CpuRunner
from deepz_live.refocus.torch_backend.cuda import CudaRunner
from deepz_live.refocus.torch_backend.device_stack import DeviceStack
from deepz_live.refocus.torch_backend.resident import as_uploaded
from tests.refocus.networks import write_bundle

Z_UM = (-2.0, -1.0, 0.0, 1.0, 2.0)
ENGINES = {"planes": PlanesEngine, "generator": GeneratorEngine}


@pytest.fixture
def pair(tmp_path):
    """The same stack on the device and in memory."""
    from deepz_live.image.normalization import Normalization

    planes = np.random.default_rng(0).random((5, 21, 34), np.float32)
    inverse = Normalization(background_counts=100, scale_counts=500)
    return DeviceStack(torch.from_numpy(planes), Z_UM, inverse), ArrayStack(planes, Z_UM, inverse)


@pytest.mark.parametrize(
    "look",
    [
        lambda stack: stack.counts(),
        lambda stack: stack.planes([-2.0, -0.3, 1.0, 2.0]),
        lambda stack: stack.planes([]),
        lambda stack: stack.surface(np.linspace(-2, 2, 21 * 34).reshape(21, 34)),
        lambda stack: stack.projection("max"),
        lambda stack: stack.projection("mean"),
        lambda stack: stack.brightest(),
        lambda stack: stack.section("xz", 20),
        lambda stack: stack.section("yz", 3),
        lambda stack: stack.window(slice(2, 9), slice(4, 12)),
        lambda stack: stack.sampled(4),
        lambda stack: stack.binned(1),
        lambda stack: stack.binned(3),
    ],
)
def test_every_look_gives_the_same_on_the_device(pair, look):
    on_device, in_memory = pair
    assert on_device.shape == in_memory.shape
    found, wanted = look(on_device), look(in_memory)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_the_device_refuses_what_memory_refuses(pair):
    for stack in pair:
        with pytest.raises(RefocusError, match=r"\+3 µm is outside"):
            stack.planes([3.0])
        with pytest.raises(RefocusError, match="one distance for each pixel"):
            stack.surface(np.zeros((3, 3)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float64])
@pytest.mark.parametrize("network", ["planes", "generator"])
def test_frames_of_any_kind_and_size_go_the_resident_way(tmp_path, network, dtype):
    bundle, _ = write_bundle(tmp_path / network, network, Z_UM)
    resident = ENGINES[network](bundle, CudaRunner(bundle, "x", torch.float32, device="cpu"))
    plain = ENGINES[network](bundle, CpuRunner(bundle, "y", torch.float32, threads=1))
    for shape in ((33, 50), (16, 32), (33, 50), (40, 21)):
        pixels = np.random.default_rng(1).integers(0, 255, shape).astype(dtype)
        assert isinstance(resident.stack(pixels), DeviceStack)
        np.testing.assert_allclose(resident.volume(pixels), plain.volume(pixels), rtol=1e-3)


def test_frames_too_large_for_the_device_go_in_tiles_and_it_is_said(tmp_path, monkeypatch):
    bundle, _ = write_bundle(tmp_path / "planes", "planes", Z_UM)
    runner = CudaRunner(bundle, "card", torch.float32, device="cpu")
    engine = PlanesEngine(bundle, runner)
    large, small = np.zeros((600, 32), np.uint16), np.zeros((32, 64), np.uint16)
    whole = engine.volume(large)
    real, tried = CudaRunner._way, []

    def little_memory(self, form, pixels):
        tried.append(pixels.size)
        if pixels.size > 10_000:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return real(self, form, pixels)

    monkeypatch.setattr(CudaRunner, "_way", little_memory)
    assert isinstance(engine.stack(large), ArrayStack)
    np.testing.assert_allclose(engine.volume(large), whole, rtol=1e-4)
    assert tried == [600 * 32]  # once: the second frame knows
    assert "Memory ran out on an image of 600 × 32 px with provider card." in engine.notes[0]
    assert isinstance(engine.stack(small), DeviceStack)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_number_are_counted_everywhere(value):
    planes = np.zeros((3, 8, 8), np.float32)
    planes[1, 2, 3:5] = value, -value
    assert ArrayStack(planes, Z_UM[:3]).bad_values() == 2
    on_device = DeviceStack(torch.from_numpy(planes), Z_UM[:3], None)
    assert on_device.bad_values() == 2


def test_what_is_sent_to_the_device_may_be_a_read_only_view():
    pixels = np.arange(100, dtype=np.uint16).reshape(10, 10)[::2]
    pixels.flags.writeable = False
    sent = as_uploaded(pixels)
    np.testing.assert_array_equal(sent, pixels)
    assert sent.flags.writeable
    assert sent.flags.c_contiguous
