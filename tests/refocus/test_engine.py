"""The engine adds nothing to the network but normalisation, padding and tiles."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from deepz_live.refocus.engine import RefocusError, open_engine
from deepz_live.refocus.tiling import run_image, spans


def frame(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(90, 1500, (height, width), dtype=np.uint16)


def direct(bundle, batch: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(bundle.onnx_path, providers=["CPUExecutionProvider"])
    (out,) = session.run(None, {"image": batch})
    return bundle.facts.normalization.inverse(out)


@pytest.fixture
def engine(make_bundle):
    running = open_engine(make_bundle("planes"), provider="CPU", threads=1)
    yield running
    running.close()


@pytest.fixture
def generator(make_bundle):
    running = open_engine(make_bundle("generator"), provider="CPU", threads=1, pixel_budget=3000)
    yield running
    running.close()


def test_planes_equal_onnxruntime_called_directly(engine):
    pixels = frame(32, 48)
    normalised = engine.bundle.facts.normalization.forward(pixels)
    expected = direct(engine.bundle, normalised[None, None])[0]
    np.testing.assert_allclose(engine.volume(pixels), expected, rtol=1e-5, atol=1e-2)
    assert engine.volume(pixels).dtype == np.float32


def test_generator_planes_equal_onnxruntime_with_the_dpm_over_ten(generator):
    pixels = frame(32, 40)
    normalised = generator.bundle.facts.normalization.forward(pixels)
    volume = generator.volume(pixels)
    for plane, z_um in zip(volume, generator.bundle.facts.z_planes_um, strict=True):
        batch = np.stack([normalised, np.full_like(normalised, z_um / 10)])[None]
        np.testing.assert_allclose(plane, direct(generator.bundle, batch)[0, 0], atol=1e-2)


@pytest.mark.parametrize("fixture", ["engine", "generator"])
def test_flat_surface_is_the_plane_of_the_volume(fixture, request):
    running = request.getfixturevalue(fixture)
    pixels = frame(20, 30)
    surface = running.surface(pixels, np.full(pixels.shape, -1.0))
    np.testing.assert_allclose(surface, running.volume(pixels)[1], atol=1e-3)


@pytest.mark.parametrize("shape", [(8, 8), (9, 31), (33, 64), (101, 8)])
def test_any_size_gives_planes_of_that_size_and_the_same_interior(engine, shape):
    pixels = frame(*shape)
    volume = engine.volume(pixels)
    assert volume.shape == (5, *shape)
    even = engine.volume(pixels[: shape[0] // 2 * 2, : shape[1] // 2 * 2])
    inner = np.s_[:, : max(shape[0] - 8, 0), : max(shape[1] - 8, 0)]
    np.testing.assert_allclose(volume[inner], even[inner], atol=1e-2)


@pytest.mark.parametrize("network", ["planes", "generator"])
def test_tiles_leave_no_seam(make_bundle, network):
    bundle = make_bundle(network)
    pixels = frame(151, 203)
    whole, tiled = (
        open_engine(bundle, provider="CPU", threads=1, pixel_budget=budget)
        for budget in (10**7, 64 * 64)
    )
    difference = np.abs(whole.volume(pixels) - tiled.volume(pixels)).max()
    assert difference / bundle.facts.normalization.scale_counts < 1e-5


@pytest.mark.parametrize(("length", "tile"), [(200, 64), (64, 64), (2, 64), (96, 40)])
def test_tiles_cover_each_pixel_once_with_the_margin_around(length, tile):
    kept = np.zeros(length, int)
    for span in spans(length, tile, multiple=2, margin_px=7):
        kept[span.keep_start : span.keep_stop] += 1
        assert span.start % 2 == span.stop % 2 == 0
        assert span.keep_start - span.start >= min(7, span.keep_start)
        assert span.stop - span.keep_stop >= min(7, length - span.keep_stop)
        assert span.stop - span.start <= max(tile, 18)
    assert (kept == 1).all()


def test_margin_as_large_as_the_budget_still_ends():
    image = np.random.default_rng(0).random((1, 1, 40, 60), np.float32)
    same = run_image(lambda batch: batch, image, multiple=4, margin_px=100, pixel_budget=64)
    np.testing.assert_array_equal(same, image)


def test_same_frame_gives_the_same_bits(make_bundle):
    bundle, pixels = make_bundle(), frame(64, 64)
    first, second = (open_engine(bundle, provider="CPU").volume(pixels) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_surface_beyond_the_range_names_value_and_range(engine):
    pixels = frame(16, 16)
    dpm = np.zeros(pixels.shape)
    dpm[3, 3] = 2.5
    with pytest.raises(RefocusError, match=r"\+2\.5 µm is outside the range -2 … \+2 µm"):
        engine.surface(pixels, dpm)


@pytest.mark.parametrize("pixels", [np.zeros((7, 20)), np.zeros((3, 20, 20)), np.zeros(20)])
def test_what_is_no_image_is_refused(engine, pixels):
    with pytest.raises(RefocusError, match="at least 8 × 8 px"):
        engine.volume(pixels)


def test_closed_engine_says_so(engine):
    engine.close()
    engine.close()
    with pytest.raises(RefocusError, match="closed"):
        engine.volume(frame(16, 16))


def test_facts_with_other_planes_than_the_network_are_noticed(make_bundle):
    running = open_engine(make_bundle(z_planes_um=(0.0, 1.0)), provider="CPU")
    with pytest.raises(RefocusError, match="gave 5 planes, but its facts list 2"):
        running.volume(frame(16, 16))
