"""Networks on the processor go in bands, in memory that is kept: planes as of the plain one."""

from __future__ import annotations

import sys
import weakref

import numpy as np
import pytest
import torch

from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.choice import deviation
from deepz_live.refocus.engines import PlanesEngine
from deepz_live.refocus.torch_backend import banded, cpu_forms
from deepz_live.refocus.torch_backend.banded import BandedUNet, inside
from deepz_live.refocus.torch_backend.cpu import CpuRunner
from deepz_live.refocus.torch_backend.forms import load_network
from tests.refocus.networks import reference, write_bundle

Z_UM = (-1.0, 0.0, 1.0)


@pytest.mark.parametrize("network", ["planes", "generator"])
@pytest.mark.parametrize("band_px", [1, 100, 10**6])
def test_the_body_is_the_plain_one_in_bands_of_any_height(tmp_path, monkeypatch, network, band_px):
    monkeypatch.setattr(banded, "BAND_PX", band_px)
    bundle, _ = write_bundle(tmp_path / "b", network, Z_UM)
    body = load_network(bundle).body
    image = torch.randn(1, body.down[0].first.in_channels, 48, 80)
    with torch.inference_mode():
        found = inside(BandedUNet(body, torch.float32)(image))
        wanted = body.to(memory_format=torch.channels_last)(image)
    assert deviation(found.numpy(), wanted.numpy()) < 1e-5


@pytest.mark.parametrize("tail_px", [1, 40, 10**6])
def test_planes_do_not_depend_on_how_many_are_made_in_one_go(tmp_path, monkeypatch, tail_px):
    bundle, network = write_bundle(tmp_path / "b", "planes", Z_UM)
    batch = np.random.default_rng(4).random((2, 1, 40, 24), np.float32)
    monkeypatch.setattr(cpu_forms, "TAIL_PX", tail_px)
    found = CpuRunner(bundle, "torch", torch.float32, threads=1).run(batch)
    assert deviation(found, reference(network, batch)) < 1e-5


@pytest.mark.parametrize("kept_bytes", [0, 2**40])
def test_images_of_changing_size_are_never_mixed_up(tmp_path, monkeypatch, kept_bytes):
    """In memory that is kept, and in memory that is given back after every image."""
    monkeypatch.setattr(banded, "KEPT_BYTES", kept_bytes)
    bundle, network = write_bundle(tmp_path / "b", "planes", Z_UM)
    runner = CpuRunner(bundle, "torch", torch.float32, threads=1)
    rng = np.random.default_rng(5)
    for shape in ((64, 32), (32, 64), (64, 32), (64, 32), (16, 8)):
        batch = rng.random((1, 1, *shape), np.float32)
        assert deviation(runner.run(batch), reference(network, batch)) < 1e-5


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_pixel_that_is_no_number_is_none_in_the_planes(tmp_path, value):
    bundle, _ = write_bundle(tmp_path / "b", "planes", Z_UM)
    batch = np.zeros((1, 1, 32, 32), np.float32)
    batch[0, 0, 9, 20] = value
    planes = CpuRunner(bundle, "torch", torch.float32, threads=1).run(batch)
    assert not np.isfinite(planes[0, :, 9, 20]).any()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts pages as Linux does")
def test_a_frame_asks_the_system_for_hardly_any_new_memory():
    """Every page that the system hands out is cleared first: a frame once asked for 50 000."""
    import resource

    def faults() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    runner = CpuRunner(shipped_bundle(), "torch", torch.float32, threads=1)
    batch = np.random.default_rng(0).random((1, 1, 512, 512), np.float32)
    asked = []
    for _ in range(3):
        before = faults()
        runner.run(batch)
        asked.append(faults() - before)
    assert min(asked) < 10_000, asked


def test_memory_that_runs_out_makes_tiles_and_none_is_kept_from_the_attempt(tmp_path, monkeypatch):
    bundle, _ = write_bundle(tmp_path / "b", "planes", Z_UM)
    pixels = np.random.default_rng(0).integers(90, 1500, (600, 128), dtype=np.uint16)
    engine, enough = (
        PlanesEngine(bundle, CpuRunner(bundle, "torch", torch.float32, threads=1)) for _ in range(2)
    )
    whole = enough.volume(pixels)
    real, given, alive = banded.ringed, [], []

    def little(channels, height, width, dtype):
        if height * width > 10_000 and given:  # the first fits, the second does not
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        if height * width <= 10_000:
            alive.append(sum(one() is not None for one in given))
            return real(channels, height, width, dtype)
        large = real(channels, height, width, dtype)
        given.append(weakref.ref(large))
        return large

    monkeypatch.setattr(banded, "ringed", little)
    tiled = engine.volume(pixels)
    assert given
    assert alive[0] == 0
    assert np.abs(tiled - whole).max() < 1e-3 * np.ptp(whole)
    assert "Memory ran out on an image of 600 × 128 px with provider torch" in engine.notes[0]
