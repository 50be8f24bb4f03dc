"""A stack measured once, plane by plane, for all checks to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.stack_check.structure import (
    SEEN,
    Image,
    detail,
    noise_error,
    shared_variance,
)

WINDOW_PX = 1024
"""Of larger fields the middle is enough to judge focus, steps and drift."""
BLOCK_UM = 5.0
"""Parts of the field whose focus is looked for one by one: a bead or a nucleus each."""
_LEAST_BLOCK_PX = 8


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """A stack and what was measured in each of its planes.

    Attributes
    ----------
    voxels
        ``(Z, Y, X)`` counts of the whole field.
    window
        ``(Z, y, x)``, its middle.
    z_um, pixel_size_um
        Stage z ``(Z,)`` ascending, and the pixel in the sample plane.
    mean
        ``(Z,)`` counts.
    sharpness
        ``(Z,)`` counts: standard deviation of the plane's detail, without its noise.
    share
        ``(Z,)`` 0 … 1: the detail's part of all structure in the plane; falls with blur and does
        not depend on brightness.
    seen
        ``(Z,)`` bool, whether that detail stands out of the noise.
    blocks
        ``(Z, B)``: variance of the detail in each part of the field.
    block_error
        What noise alone makes of that, counts².
    """

    voxels: NDArray[Any]
    window: NDArray[Any]
    z_um: NDArray[np.float64]
    pixel_size_um: float
    mean: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    share: NDArray[np.float64]
    seen: NDArray[np.bool_]
    blocks: NDArray[np.float64]
    block_error: float

    @property
    def step_um(self) -> float:
        """The usual distance between planes."""
        return float(np.median(np.diff(self.z_um))) if len(self.z_um) > 1 else 0.0

    @property
    def depth_um(self) -> float:
        return float(self.z_um[-1] - self.z_um[0])

    @property
    def sharpest(self) -> int:
        """Index of the plane with the most detail; of the brightest one where none is seen."""
        return int(np.argmax(self.sharpness if self.seen.any() else self.mean))

    def detail(self, plane: int) -> Image:
        """The detail of a plane of the window."""
        return detail(self.window[plane], self.pixel_size_um)


def measure(voxels: NDArray[Any], z_um: NDArray[np.float64], pixel_size_um: float) -> Planes:
    """Measure ``voxels (Z, Y, X)``; one plane at a time, so that no copy of the stack is made."""
    window = _middle(voxels)
    side = max(_LEAST_BLOCK_PX, round(BLOCK_UM / pixel_size_um))
    side = min(side, min(window.shape[1:]) - 1)
    sharpness, share, seen, blocks, noise = [], [], [], [], []
    for plane in window:
        fine = detail(plane, pixel_size_um)
        variance, error = shared_variance(fine), noise_error(fine)
        all_of_it = shared_variance(plane.astype(np.float32))
        sharpness.append(np.sqrt(max(variance, 0.0)))
        share.append(np.sqrt(max(variance, 0.0) / all_of_it) if all_of_it > 0 else 0.0)
        seen.append(variance > SEEN * error)
        blocks.append(_blocks(fine, side))
        noise.append(max(float(fine.var(dtype=np.float64)) - variance, 0.0))
    return Planes(
        voxels=voxels,
        window=window,
        z_um=np.asarray(z_um, np.float64),
        pixel_size_um=pixel_size_um,
        mean=np.array([plane.mean(dtype=np.float64) for plane in voxels]),
        sharpness=np.array(sharpness),
        share=np.array(share),
        seen=np.array(seen),
        blocks=np.stack(blocks),
        block_error=float(np.median(noise)) / float(np.sqrt(2 * side**2)),
    )


def _middle(voxels: NDArray[Any]) -> NDArray[Any]:
    starts = [max(0, (n - WINDOW_PX) // 2) for n in voxels.shape[1:]]
    y, x = (slice(start, start + WINDOW_PX) for start in starts)
    return voxels[:, y, x]


def _blocks(fine: Image, side: int) -> NDArray[np.float64]:
    """Shared variance of diagonal neighbours in each block; the detail's own mean is zero."""
    products = (fine[:-1, :-1] * fine[1:, 1:] + fine[:-1, 1:] * fine[1:, :-1]) / 2
    rows, columns = (n // side for n in products.shape)
    part = products[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(part.mean(axis=(1, 3), dtype=np.float64).ravel())
