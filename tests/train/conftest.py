"""Small calibration stacks whose physics is simple and known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from deepz_live.session.stack import Stack, write_stack

PIXEL_UM, STEP_UM = 0.325, 0.5


def gaussian_beads(seed: int, side: int = 96, planes: int = 25, count: int = 8) -> NDArray:
    """Beads that widen with defocus, differently above and below; counts."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((side, side))
    z = (np.arange(planes) - planes // 2) * STEP_UM
    stack = np.full((planes, side, side), 100.0)
    for y, x in rng.uniform(8, side - 8, (count, 2)):
        for plane, height in zip(stack, z, strict=True):
            sigma = 1.5 + (0.5 if height > 0 else 0.35) * abs(height)
            plane += (
                6000 / sigma**2 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 2 / sigma**2)
            )
    return (stack + rng.normal(0, 3, stack.shape)).clip(0).astype(np.uint16)


def stack_of(voxels: NDArray, **changes: object) -> Stack:
    z_um = (np.arange(len(voxels)) - len(voxels) // 2) * STEP_UM
    facts = {"pixel_size_um": PIXEL_UM, "z_step_um": STEP_UM, "channel": "TexasRed",
             "exposure_ms": 20.0, "z_um": z_um, "source": "test"} | changes  # fmt: skip
    return Stack(voxels=voxels, **facts)  # type: ignore[arg-type]


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """A folder with two fields."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    for seed in (0, 1):
        write_stack(folder / f"field_{seed:03d}_TexasRed.ome.tif", stack_of(gaussian_beads(seed)))
    return folder
