"""Filaments seen by a wide-field and a confocal microscope, with the truth of how they lie.

The filaments are points in space. Each modality gets them through its own projective transform and
height, on its own grid, blurred by its own vectorial PSF and with its own photon noise: nothing is
resampled, so the truth owes nothing to the code under test.
"""

from __future__ import annotations

import functools

import numpy as np
import psfmodels
from scipy.signal import fftconvolve

PIXEL_UM, STEP_UM = 0.2, 0.4
PLANES = 31


def filaments(seed: int, side_px: int, depth_um: float = 5.0, count: int = 30) -> np.ndarray:
    """``(N, 4)``: height in µm about 0, y and x in pixels, brightness."""
    rng = np.random.default_rng(seed)
    steps = 500
    lines = []
    for _ in range(count):
        start = rng.uniform([-depth_um / 2, -20, -20], [depth_um / 2, side_px + 20, side_px + 20])
        angle = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.03, steps))
        rise = rng.normal(0, 0.005) + np.cumsum(rng.normal(0, 4e-4, steps))
        step = np.stack([rise, 0.5 * np.sin(angle), 0.5 * np.cos(angle)], axis=1)
        line = start + np.cumsum(step, axis=0)
        line[:, 0] = np.clip(line[:, 0], -depth_um / 2, depth_um / 2)
        lines.append(np.column_stack([line, np.full(steps, rng.lognormal(0, 0.4))]))
    return np.concatenate(lines)


def seen(
    points: np.ndarray,
    side_px: int,
    *,
    confocal: bool,
    matrix: np.ndarray | None = None,
    height_planes: float = 0.0,
    seed: int = 0,
    planes: int = PLANES,
) -> np.ndarray:
    """Counts ``(Z, Y, X)`` uint16; height 0 is at plane ``planes // 2 + height_planes``."""
    y, x = points[:, 1], points[:, 2]
    if matrix is not None:
        y, x = through(matrix, y, x)
    place = np.stack([points[:, 0] / STEP_UM + planes // 2 + height_planes, y, x])
    volume = np.zeros((planes, side_px, side_px), np.float32)
    low = np.floor(place).astype(int)
    part = place - low
    for corner in np.ndindex(2, 2, 2):
        at = low + np.array(corner)[:, None]
        weight = points[:, 3] * np.prod(
            [part[i] if corner[i] else 1 - part[i] for i in range(3)], axis=0
        )
        inside = ((at >= 0) & (at < np.array(volume.shape)[:, None])).all(axis=0)
        np.add.at(volume, tuple(at[:, inside]), weight[inside])
    image = np.maximum(fftconvolve(volume, _psf(confocal), mode="same"), 0)
    photons, background = (60, 3) if confocal else (1000, 100)
    image *= photons / np.quantile(image, 0.999)
    return np.random.default_rng(seed).poisson(image + background).astype(np.uint16)


def through(matrix: np.ndarray, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a projective matrix takes pixels."""
    across, down, depth = matrix @ np.stack([x, y, np.ones_like(x)])
    return down / depth, across / depth


def projective(
    side_px: int,
    shift_px: tuple[float, float] = (0.0, 0.0),
    turn_deg: float = 0.0,
    scale: float = 1.0,
    bend: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """A projective matrix about the centre of the field; shift is (y, x)."""
    c, turn = (side_px - 1) / 2, np.deg2rad(turn_deg)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    back = np.array([[1, 0, -c], [0, 1, -c], [0, 0, 1]])
    there = np.array([[1, 0, c + shift_px[1]], [0, 1, c + shift_px[0]], [0, 0, 1]])
    return there @ np.array([[cos, -sin, 0], [sin, cos, 0], [*bend, 1]]) @ back


@functools.cache
def _psf(confocal: bool) -> np.ndarray:
    facts = {"dxy": PIXEL_UM, "dz": STEP_UM, "NA": 1.0, "tg": 0, "tg0": 0}
    facts |= {"ns": 1.33, "ni": 1.33, "ni0": 1.33}
    if confocal:
        psf = psfmodels.confocal_psf(17, 25, ex_wvl=0.488, em_wvl=0.52, **facts)
    else:
        psf = psfmodels.make_psf(25, 49, wvl=0.52, **facts)
    return (psf / psf.sum()).astype(np.float32)
