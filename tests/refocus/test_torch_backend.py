"""torch gives the planes of the network as it was trained, in every precision, size and batch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from deepz_live.model.bundle import load_bundle, shipped_bundle, shipped_names
from deepz_live.refocus import onnx_backend, providers, torch_backend
from deepz_live.refocus.choice import Example, choose, deviation
from deepz_live.refocus.engine import open_engine
from deepz_live.refocus.engines import GeneratorEngine, PlanesEngine
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.torch_backend import banded, layers
from deepz_live.refocus.torch_backend.cpu import CpuRunner
from tests.refocus.networks import reference, write_bundle

Z_UM = tuple(np.arange(-1.5, 1.6, 0.5).tolist())
CASES = [
    ("planes", torch.float32, 1e-4),
    ("generator", torch.float32, 1e-4),
    ("generator", torch.bfloat16, 1e-2),
]
ENGINES = {"planes": PlanesEngine, "generator": GeneratorEngine}


def frame(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(90, 1500, (height, width), dtype=np.uint16)


@pytest.fixture
def make(tmp_path):
    def make_bundle(network: str, z_planes_um=Z_UM):
        return write_bundle(tmp_path / network, network, z_planes_um)

    return make_bundle


def by_hand(bundle, network, pixels) -> np.ndarray:
    """Normalised planes, plane by plane, of an image whose sides the network takes."""
    image = bundle.facts.normalization.forward(pixels)
    if bundle.facts.network == "planes":
        return reference(network, image[None, None])[0]
    pairs = [np.stack([image, np.full_like(image, z / 10)]) for z in bundle.facts.z_planes_um]
    return reference(network, np.stack(pairs))[:, 0]


def padded(pixels, multiple: int) -> np.ndarray:
    return np.pad(pixels, [(0, -n % multiple) for n in pixels.shape], mode="edge")


@pytest.mark.parametrize(("network", "dtype", "tolerance"), CASES)
@pytest.mark.parametrize("shape", [(32, 48), (33, 61), (9, 100)])
def test_planes_agree_with_the_trained_network_at_any_size(make, network, dtype, tolerance, shape):
    bundle, trained = make(network)
    pixels = frame(*shape)
    engine = ENGINES[network](bundle, CpuRunner(bundle, "torch", dtype, threads=1))
    wanted = by_hand(bundle, trained, padded(pixels, bundle.facts.multiple))
    wanted = wanted[:, : shape[0], : shape[1]]
    found = bundle.facts.normalization.forward(engine.volume(pixels))
    assert found.shape == (len(Z_UM), *shape)
    assert deviation(found, wanted) < tolerance


@pytest.mark.parametrize(("network", "dtype", "tolerance"), CASES)
@pytest.mark.parametrize("count", [1, 2, 7, 41])
def test_batches_of_any_size_agree(make, network, dtype, tolerance, count):
    bundle, trained = make(network)
    channels = 2 if network == "generator" else 1
    batch = np.random.default_rng(5).random((count, channels, 16, 32), np.float32)
    runner = CpuRunner(bundle, "torch", dtype, threads=1)
    assert deviation(runner.run(batch), reference(trained, batch)) < tolerance


def test_generator_makes_as_many_planes_as_there_are_distances(make):
    bundle, trained = make("generator", tuple(np.linspace(-10, 10, 41).tolist()))
    pixels = frame(16, 32)
    runner = CpuRunner(bundle, "torch", torch.float32, threads=1)
    image = bundle.facts.normalization.forward(pixels)[None, None]
    dpm = np.asarray(bundle.facts.z_planes_um, np.float32) / 10
    assert deviation(runner.uniform(image, dpm)[0], by_hand(bundle, trained, pixels)) < 1e-5


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("network", ["planes", "generator"])
def test_tiles_leave_seams_below_a_thousandth_of_the_range(make, network, dtype):
    bundle, _ = make(network, (-1.0, 0.0, 1.0))
    pixels = frame(560, 40)
    whole, tiled = (
        ENGINES[network](
            bundle, CpuRunner(bundle, "torch", dtype, threads=1), pixel_budget=budget
        ).volume(pixels)
        for budget in (10**7, 64 * 64)
    )
    assert np.abs(whole - tiled).max() < 1e-3 * np.ptp(whole)


def test_same_frame_gives_the_same_bits(make):
    bundle, _ = make("planes")
    pixels = frame(64, 48)
    first, second = (
        PlanesEngine(bundle, CpuRunner(bundle, "torch", torch.bfloat16)).volume(pixels)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_a_volume_is_not_written_over_by_the_next_frame(make):
    bundle, _ = make("planes")
    engine = PlanesEngine(bundle, CpuRunner(bundle, "torch", torch.float32, threads=1))
    first = engine.volume(frame(32, 32))
    kept = first.copy()
    engine.volume(frame(32, 32)[::-1].copy())
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("network", ["planes", "generator"])
def test_flat_surface_of_torch_is_the_plane_of_its_volume(make, network):
    bundle, _ = make(network)
    engine = ENGINES[network](bundle, CpuRunner(bundle, "torch", torch.float32, threads=1))
    pixels = frame(20, 30)
    surface = engine.surface(pixels, np.full(pixels.shape, -1.0))
    np.testing.assert_allclose(surface, engine.volume(pixels)[1], atol=1e-2)


def test_convolutions_are_the_same_with_and_without_onednns_order(make, monkeypatch):
    bundle, _ = make("planes")
    batch = np.random.default_rng(1).random((1, 1, 32, 40), np.float32)
    packed = CpuRunner(bundle, "torch", torch.float32, threads=1).run(batch).copy()
    monkeypatch.setattr(banded, "can_pack", lambda _: False)
    plain = CpuRunner(bundle, "torch", torch.float32, threads=1).run(batch)
    assert deviation(plain, packed) < 1e-6


def test_edges_are_those_of_replication():
    x = torch.rand(2, 5, 6, 9).contiguous(memory_format=torch.channels_last)
    edged = layers.with_edges(x)
    wanted = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    torch.testing.assert_close(edged, wanted, rtol=0, atol=0)
    assert edged.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("abilities", "names"),
    [
        ((False, False, False), ["CPU fp32"]),
        ((False, False, True), ["CPU bf16", "CPU fp32"]),
        ((True, False, False), ["CUDA fp16", "CUDA fp32", "CPU fp32"]),
        ((True, True, True), ["CUDA fp16", "CUDA bf16", "CUDA fp32", "CPU bf16", "CPU fp32"]),
    ],
)
def test_variants_are_those_that_the_hardware_multiplies_in(abilities, names):
    cuda, cuda_bf16, cpu_bf16 = abilities
    found = torch_backend.variants(cuda=cuda, cuda_bf16=cuda_bf16, cpu_bf16=cpu_bf16)
    assert [one.name for one in found] == [f"torch {name}" for name in names]
    for one in found:
        assert one.tolerance == (1e-4 if one.name.endswith("fp32") else 1e-2)


def test_card_that_breaks_down_at_the_start_is_named_and_the_processor_used(make, monkeypatch):
    """A list of variants as on a PC with a card, where CUDA then does not start."""
    bundle, _ = make("planes")
    monkeypatch.setattr(
        torch_backend,
        "here",
        lambda: torch_backend.variants(cuda=True, cuda_bf16=False, cpu_bf16=False),
    )

    def no_card(*_):
        raise RuntimeError("CUDA driver version is insufficient")

    monkeypatch.setattr(torch_backend, "CudaRunner", no_card)
    found = torch_backend.candidates(bundle, threads=1)
    choice = choose(found, Example(np.zeros((1, 1, 16, 16), np.float32)))
    assert choice.candidate.name == "torch CPU fp32"
    assert "torch CUDA fp16 failed to start (CUDA driver version" in choice.reason


def test_provider_that_disagrees_with_the_test_output_is_not_used_and_named(make):
    bundle, _ = make("planes")
    given = np.load(bundle.path / "test_input.npy")
    wrong = 1.1 * np.load(bundle.path / "test_output.npy")
    found = torch_backend.candidates(bundle, threads=1)
    with pytest.raises(RefocusError, match=r"planes differ from the model's by 9\.1e-02"):
        choose(found, Example(given, given, wrong))


def test_weights_of_another_network_are_refused(make):
    bundle, _ = make("planes")
    facts = bundle.facts.model_copy(update={"width": 0.5})
    object.__setattr__(bundle, "facts", facts)
    with pytest.raises(RefocusError, match=r"does not hold a planes network of width 0\.5"):
        CpuRunner(bundle, "torch", torch.float32)


def test_closed_runner_says_so(make):
    bundle, _ = make("planes")
    runner = CpuRunner(bundle, "torch", torch.float32)
    runner.close()
    runner.close()
    with pytest.raises(RefocusError, match="closed"):
        runner.run(np.zeros((1, 1, 16, 16), np.float32))


def test_number_of_threads_is_given_back(make):
    bundle, _ = make("planes")
    before = torch.get_num_threads()
    CpuRunner(bundle, "torch", torch.float32, threads=before + 1).run(
        np.zeros((1, 1, 16, 16), np.float32)
    )
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("shape", [(1, 32, 48), (41, 16, 16), (3, 64, 16)])
def test_shipped_models_agree_on_both_back_ends_in_both_precisions(name, shape):
    """Random frames over the whole range of the training, in batches of any size."""
    bundle = load_bundle(Path(name))
    count, height, width = shape
    batch = np.random.default_rng(2).random((count, 1, height, width), np.float32)
    (onnx,) = onnx_backend.candidates(bundle.onnx_path, threads=1)
    wanted = onnx.make().run(batch)
    for dtype, tolerance in ((torch.float32, 1e-4), (torch.bfloat16, 1e-2)):
        found = CpuRunner(bundle, "torch", dtype, threads=1).run(batch)
        assert deviation(found, wanted) < tolerance


def test_shipped_model_takes_frames_of_odd_sizes_alike():
    bundle = shipped_bundle()
    pixels = np.random.default_rng(0).poisson(400, (77, 45)).astype(np.uint16)
    norm = bundle.facts.normalization
    wanted = norm.forward(open_engine(bundle, provider="CPU", threads=1).volume(pixels))
    for dtype, tolerance in ((torch.float32, 1e-4), (torch.bfloat16, 1e-2)):
        engine = PlanesEngine(bundle, CpuRunner(bundle, "torch", dtype, threads=1))
        assert deviation(norm.forward(engine.volume(pixels)), wanted) < tolerance


@pytest.mark.parametrize("chosen", [None, "active"])
def test_waiting_threads_sleep_unless_the_operator_chose_otherwise(monkeypatch, chosen):
    """Only while torch is loaded: a training started later must not inherit it."""
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if chosen is not None:
        monkeypatch.setenv("OMP_WAIT_POLICY", chosen)
    with providers._threads_that_sleep():
        assert os.environ["OMP_WAIT_POLICY"] == (chosen or "passive")
    assert os.environ.get("OMP_WAIT_POLICY") == chosen


def test_a_pc_without_torch_runs_the_network_and_says_what_is_missing():
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from deepz_live.model.bundle import shipped_bundle\n"
        "from deepz_live.refocus.engine import open_engine\n"
        "print(open_engine(shipped_bundle()).reason)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("CPU: the only one that runs")
    assert "torch is not installed" in told.stdout
