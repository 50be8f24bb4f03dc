"""Offsets between volumes come back with their signs, below plane and pixel."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.registration import binned, prepare, products, register

Z_UM = tuple(np.arange(-10, 10.01, 0.5))
PIXEL_UM = 0.65
SIDE = 160


def beads(seed: int, count: int = 40, depth_um: float = 20.0) -> np.ndarray:
    """``(N, 4)``: z, y, x in µm and brightness; some outside the field."""
    rng = np.random.default_rng(seed)
    width = SIDE * PIXEL_UM
    place = rng.uniform(
        [-depth_um / 2, -10, -10], [depth_um / 2, width + 10, width + 10], (count, 3)
    )
    return np.column_stack([place, rng.lognormal(0, 0.3, count)])


def volume(points: np.ndarray, drift_um=(0.0, 0.0, 0.0), noise: float = 0.0) -> np.ndarray:
    """Beads that widen away from their focus, in counts on a background."""
    grid = np.arange(SIDE) * PIXEL_UM
    out = np.full((len(Z_UM), SIDE, SIDE), 100, np.float32)
    for z, y, x, brightness in points:
        for plane, height in zip(out, Z_UM, strict=True):
            wide = 1 + ((height - z - drift_um[0]) / 1.5) ** 2
            gy = np.exp(-((grid - y - drift_um[1]) ** 2) / wide)
            gx = np.exp(-((grid - x - drift_um[2]) ** 2) / wide)
            plane += (1000 * brightness / wide * gy[:, None] * gx[None]).astype(np.float32)
    if noise:
        out += np.random.default_rng(0).normal(0, noise, out.shape).astype(np.float32)
    return out


def offset(first: np.ndarray, second: np.ndarray):
    return register(prepare(first, Z_UM, PIXEL_UM), prepare(second, Z_UM, PIXEL_UM))


@pytest.mark.parametrize(
    "drift", [(2.3, 0.9, -1.7), (-2.8, -2.0, 0.4), (0.1, 5.3, 9.6), (6.2, 0.0, 0.0)]
)
@pytest.mark.parametrize("depth_um", [20.0, 0.0])
def test_shift_comes_back_with_its_signs(drift, depth_um):
    points = beads(1, depth_um=depth_um)
    found = offset(volume(points), volume(points, drift))
    assert found.dz_um == pytest.approx(drift[0], abs=0.1)
    assert found.dy_um == pytest.approx(drift[1], abs=0.15)
    assert found.dx_um == pytest.approx(drift[2], abs=0.15)
    assert found.confidence > 0.6


def test_volume_against_itself_is_still_and_sure():
    one = volume(beads(2))
    found = offset(one, one)
    assert (found.dz_um, found.dy_um, found.dx_um) == pytest.approx((0, 0, 0), abs=1e-3)
    assert found.confidence > 0.9


def test_dense_and_noisy_volumes_register_too():
    points = beads(3, count=400)
    found = offset(volume(points), volume(points, (1.6, -1.2, 0.7), noise=40))
    assert (found.dz_um, found.dy_um, found.dx_um) == pytest.approx((1.6, -1.2, 0.7), abs=0.2)


def test_what_is_drawn_far_from_focus_alike_in_every_stack_does_not_hold_the_drift():
    """A network may fill its far planes with the same whatever the sample does: no evidence."""
    points = beads(6)
    first, second = volume(points), volume(points, (3.0, 0.5, -0.5))
    far = np.abs(Z_UM) > 6
    invented = volume(beads(7, count=80)) - 100
    first[far] += invented[far]
    second[far] += invented[far]
    assert offset(first, second).dz_um == pytest.approx(3.0, abs=0.2)


def test_exchanged_volumes_give_the_opposite_drift():
    points = beads(8)
    first, second = volume(points), volume(points, (2.2, 0.0, 0.0))
    there, back = offset(first, second).dz_um, offset(second, first).dz_um
    assert there == pytest.approx(-back, abs=0.02)


@pytest.mark.parametrize("low_um", [0.0, 3.0])
def test_planes_on_one_side_of_the_focus_alone_register_too(low_um):
    """Without a plane at 0 the nearest stands for the frame's own."""
    points = beads(9)
    kept = [k for k, z in enumerate(Z_UM) if z >= low_um]
    z_um = [Z_UM[k] for k in kept]
    first, second = (
        prepare(planes[kept], z_um, PIXEL_UM)
        for planes in (volume(points), volume(points, (1.2, 0.0, 0.0)))
    )
    assert register(first, second).dz_um == pytest.approx(1.2, abs=0.15)


def test_unrelated_volumes_have_no_confidence():
    assert offset(volume(beads(4)), volume(beads(5))).confidence < 0.3


def test_flat_volumes_give_no_confidence_and_no_nan():
    flat = np.full((len(Z_UM), 64, 64), 7, np.float32)
    found = offset(flat, flat)
    assert found.confidence == 0
    assert np.isfinite([found.dz_um, found.dy_um, found.dx_um]).all()


def test_volumes_of_different_size_are_refused():
    a, b = np.zeros((41, 64, 64), np.float32), np.zeros((41, 64, 80), np.float32)
    with pytest.raises(ValueError, match="same size"):
        offset(a, b)


def test_uneven_planes_are_refused():
    uneven = (*Z_UM[:-1], 12.0)
    one = prepare(np.zeros((41, 64, 64), np.float32), uneven, PIXEL_UM)
    with pytest.raises(ValueError, match="evenly spaced"):
        register(one, one)


@pytest.mark.parametrize("length", [7, 400, 5000])
def test_products_in_pieces_are_the_product(length):
    first, second = np.random.default_rng(0).random((2, 37, length), np.float32)
    np.testing.assert_allclose(products(first, second), first @ second.T, rtol=1e-4)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_bins_are_sums_over_whole_blocks(factor):
    planes = np.random.default_rng(0).random((4, 13, 17), np.float32)
    height, width = 13 // factor, 17 // factor
    cut = planes[:, : height * factor, : width * factor]
    wanted = cut.reshape(4, height, factor, width, factor).sum(axis=(2, 4))
    found = binned(planes, factor)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert not np.shares_memory(found, planes)
