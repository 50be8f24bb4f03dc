"""One pair of twins for all tests that only read it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import twins

SIDE_PX = 192
SHIFT_PLANES = -2.35
MATRIX = twins.projective(SIDE_PX, (4.3, -6.7), 1.2, 1.01, (3e-5, -4e-5))


@pytest.fixture(scope="session")
def wide_and_confocal():
    """Wide-field and confocal ``(Z, Y, X)``, the matrix between them, planes between them."""
    points = twins.filaments(1, SIDE_PX)
    wide = twins.seen(points, SIDE_PX, confocal=False, seed=1)
    confocal = twins.seen(
        points, SIDE_PX, confocal=True, matrix=MATRIX, height_planes=SHIFT_PLANES, seed=2
    )
    return wide, confocal, MATRIX, SHIFT_PLANES
