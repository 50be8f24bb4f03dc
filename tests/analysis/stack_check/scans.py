"""Scans of the built-in microscope, rendered once without noise; each test adds its fault."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from deepz_live.acquire.microscope import open_microscope
from deepz_live.acquire.simulated.sensor import Sensor
from deepz_live.analysis.stack_check import Finding, StackCheck, check_stack
from deepz_live.config import Camera, Profile

SIDE, PIXEL_UM = 160, 0.325
Z_UM = tuple(float(z) for z in np.arange(-20, 20.1, 0.5))


@functools.lru_cache(maxsize=8)
def electrons(
    kind: str = "beads-volume",
    z_um: tuple[float, ...] = Z_UM,
    drift_um: float = 0.0,
) -> np.ndarray:
    """``(Z, Y, X)`` mean electrons while the sample drifts sideways, evenly, by ``drift_um``."""
    profile = Profile(
        name="test",
        camera={"width_px": SIDE, "height_px": SIDE},
        specimen={"kind": kind, "seed": 1, "beads_per_100um2": 0.4},
    )
    with open_microscope(profile) as microscope:
        scene = microscope.built_in.view.scene
        return np.stack(
            [
                scene.electrons((z, 0.0, 0.0), (0.0, 0.6 * move, -0.8 * move), 20.0).copy()
                for z, move in zip(z_um, np.linspace(0, drift_um, len(z_um)), strict=True)
            ]
        )


def counts(mean: np.ndarray, **camera: Any) -> np.ndarray:
    """What the camera makes of it, with its noise."""
    sensor = Sensor(Camera(**camera))
    return np.stack([sensor.counts(plane) for plane in mean])


def check(
    mean: np.ndarray, z_um: Sequence[float] = Z_UM, *, bits: int = 16, **camera: Any
) -> StackCheck:
    voxels = counts(mean, bit_depth=bits, **camera)
    return check_stack(voxels, np.array(z_um), pixel_size_um=PIXEL_UM, bits=bits)


def about(found: StackCheck, name: str) -> Finding:
    """The one finding of a check."""
    (finding,) = [f for f in found.findings if f.about == name]
    return finding


def faults(found: StackCheck) -> dict[str, str]:
    """All that is not green: what it is about, and its level."""
    return {f.about: f.level for f in found.findings if f.level != "green"}
