"""The surface found in a stack of beads is the one that they lie on."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.auto_surface import auto_surface
from deepz_live.image.dpm import Cylinder, SurfaceError, Tilt

Z_UM = tuple(float(z) for z in np.arange(-10.0, 10.1, 1.0))
SHAPE = (256, 320)
PIXEL_UM = 0.325
SURFACES = [Tilt(4.0, -2.0, 1.0), Cylinder(0.8, 40.0, 3.0)]


def stack(surface, beads=60, strays=0, seed=0):
    """``(Z, Y, X)``: beads on ``surface``, and strays 6 µm beside it."""
    rng = np.random.default_rng(seed)
    heights = surface.dpm(SHAPE, PIXEL_UM)
    planes = rng.normal(100.0, 3.0, (len(Z_UM), *SHAPE))
    for number in range(beads + strays):
        row, column = (rng.integers(8, side - 8) for side in SHAPE)
        z = heights[row, column] + (0 if number < beads else 6.0 * rng.choice([-1, 1]))
        crop = slice(max(row - 20, 0), row + 21), slice(max(column - 20, 0), column + 21)
        y, x = (grid[crop] - at for grid, at in zip(np.indices(SHAPE), (row, column), strict=True))
        for plane, height in zip(planes, Z_UM, strict=True):
            width = np.hypot(1.2, 0.6 * (height - z))
            plane[crop] += 4000 / width**2 * np.exp(-(y * y + x * x) / (2 * width**2))
    return planes.astype(np.float32)


@pytest.mark.parametrize("surface", SURFACES, ids=["tilt", "cylinder"])
@pytest.mark.parametrize("fit", ["quadratic", "thin-plate"])
def test_the_surface_of_the_beads_is_found(surface, fit):
    found = auto_surface(stack(surface), Z_UM, PIXEL_UM, fit)
    away = np.abs(found.surface.dpm(SHAPE, PIXEL_UM) - surface.dpm(SHAPE, PIXEL_UM))
    assert np.median(away) < 0.1
    assert np.quantile(away, 0.95) < 0.5
    assert found.fit == fit
    assert found.residual_um < 0.2


def test_beads_that_lie_elsewhere_do_not_bend_the_surface():
    surface = SURFACES[0]
    found = auto_surface(stack(surface, beads=60, strays=25), Z_UM, PIXEL_UM)
    away = np.abs(found.surface.dpm(SHAPE, PIXEL_UM) - surface.dpm(SHAPE, PIXEL_UM))
    assert np.median(away) < 0.15
    strays = (found.tiles.confidence > 0.5) & (found.weight == 0)
    assert strays.sum() >= 5


def test_confidence_is_where_the_beads_are():
    planes = stack(Tilt(0.0, 0.0, 2.0))
    found = auto_surface(planes, Z_UM, PIXEL_UM)
    tile = found.tiles.tile_px
    rows, columns = found.tiles.confidence.shape
    brightest = planes.max(axis=0)[: rows * tile, : columns * tile]
    light = brightest.reshape(rows, tile, columns, tile).max(axis=(1, 3))
    assert found.tiles.confidence[light > 1000].min() > 0.4
    assert found.tiles.confidence[light < 130].max(initial=0.0) == 0


@pytest.mark.parametrize(("beads", "fit"), [(1, "uniform"), (4, "plane")])
def test_few_beads_give_a_stiffer_surface(beads, fit):
    found = auto_surface(stack(Tilt(0.0, 0.0, 2.0), beads=beads, seed=3), Z_UM, PIXEL_UM)
    assert found.fit == fit
    assert np.median(found.surface.dpm(SHAPE, PIXEL_UM)) == pytest.approx(2.0, abs=0.3)


def test_an_empty_field_has_no_surface():
    with pytest.raises(SurfaceError, match="shows anything to focus on"):
        auto_surface(stack(Tilt(0.0, 0.0), beads=0), Z_UM, PIXEL_UM)
