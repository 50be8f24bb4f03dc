"""Questions about a frame's stack are answered in the coordinates that the operator sees."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.app.surfaces.ask import auto_in, focus_at
from deepz_live.refocus.questions import Snapshot
from deepz_live.refocus.stack import ArrayStack
from deepz_live.refocus.view import Shift
from deepz_live.stream.frame import Frame

Z_UM = tuple(float(z) for z in np.arange(-8.0, 8.1, 0.5))
SHAPE, PIXEL_UM = (160, 200), 0.325
BEADS = [(y, x) for y in range(20, 150, 30) for x in range(20, 190, 30)]
SHIFT = Shift(1.5, 4.0, -3.0)


def height(y, x):
    return 0.03 * (x - 100) * PIXEL_UM + 0.02 * (y - 80) * PIXEL_UM + 2.0


@pytest.fixture(scope="module")
def snapshot():
    rng = np.random.default_rng(0)
    planes = rng.normal(100, 2, (len(Z_UM), *SHAPE))
    y, x = np.indices(SHAPE)
    for row, column in BEADS:
        r2 = (y - row) ** 2 + (x - column) ** 2
        for plane, z in zip(planes, Z_UM, strict=True):
            width = np.hypot(1.2, 0.5 * (z - height(row, column)))
            plane += 3000 / width**2 * np.exp(-r2 / (2 * width**2))
    stack = ArrayStack(planes.astype(np.float32), Z_UM)
    frame = Frame(np.zeros(SHAPE, np.uint16), 0, 0.0, 0.0, 20.0, "TexasRed")
    return Snapshot(frame, stack, Z_UM, PIXEL_UM, SimpleNamespace(used=False), SHIFT)


@pytest.mark.parametrize("bead", [BEADS[0], BEADS[13], BEADS[-1]])
def test_the_depth_of_a_bead_is_found_where_it_is_seen(snapshot, bead):
    found = focus_at((bead[0] + 2.0, bead[1] - 3.0), compensated=False)(snapshot)
    assert found.depth_um == pytest.approx(height(*bead), abs=0.1)
    assert (found.y_px, found.x_px) == pytest.approx(bead, abs=0.2)


def test_in_a_compensated_view_places_and_depths_are_those_of_the_reference(snapshot):
    bead = BEADS[13]
    seen = (bead[0] - SHIFT.dy_px, bead[1] - SHIFT.dx_px)
    found = focus_at(seen, compensated=True)(snapshot)
    assert found.depth_um == pytest.approx(height(*bead) - SHIFT.dz_um, abs=0.1)
    assert (found.y_px, found.x_px) == pytest.approx(seen, abs=0.2)


@pytest.mark.parametrize("compensated", [False, True])
def test_the_surface_is_the_one_that_the_beads_are_seen_on(snapshot, compensated):
    found = auto_in("plane", compensated)(snapshot)
    dpm = found.surface.dpm(SHAPE, PIXEL_UM)
    shift = SHIFT if compensated else Shift()
    for y, x in (BEADS[7], BEADS[13], BEADS[20]):
        seen = dpm[round(y - shift.dy_px), round(x - shift.dx_px)]
        assert seen == pytest.approx(height(y, x) - shift.dz_um, abs=0.1)
