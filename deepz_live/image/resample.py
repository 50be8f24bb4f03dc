"""An image on another grid of pixels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]


def resampled_shape(shape: tuple[int, int], from_um: float, to_um: float) -> tuple[int, int]:
    """Pixels ``(Y, X)`` of size ``to_um`` that lie wholly inside the field."""
    ratio = from_um / to_um
    height, width = (max(math.floor(length * ratio + 1e-6), 1) for length in shape)
    return height, width


def resample(image: NDArray[np.generic], from_um: float, to_um: float) -> Image:
    """``image`` ``(Y, X)`` with pixels of ``from_um``, as one with pixels of ``to_um``.

    Both grids begin at the same corner of the field; counts stay counts a pixel's area (local
    means are kept). Larger pixels first blur by what their own area adds: the variance of a box,
    width² / 12, less that of the smaller one. In between a cubic spline interpolates.
    """
    step = to_um / from_um
    pixels = np.asarray(image, np.float32)
    if step > 1:
        sigma_px = math.sqrt((step**2 - 1) / 12)
        pixels = ndimage.gaussian_filter(pixels, sigma_px, mode="nearest")
    made = ndimage.affine_transform(
        pixels,
        (step, step),
        offset=0.5 * step - 0.5,
        output_shape=resampled_shape(pixels.shape, from_um, to_um),
        order=3,
        mode="nearest",
    )
    return np.asarray(made, np.float32)
