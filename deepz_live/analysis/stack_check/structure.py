"""How much structure a noisy image holds, told from its noise without a model of the camera.

Camera noise is independent from pixel to pixel, an image through an objective is not: it is
blurred over a few pixels. So the covariance of diagonal neighbours is the variance of the
structure without that of the noise. Diagonal, because rows and columns of a sensor share noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

Image = NDArray[np.float32]

HAZE_UM = 3.0
"""What is wider than this is haze, which looks the same in and out of focus."""
SEEN = 10.0
"""Structure is seen where its variance is this many times the error that noise makes in it."""


def shared_variance(first: Image, second: Image | None = None) -> float:
    """Covariance ``(Y, X)`` of diagonal neighbours, of one image or between two."""
    a = first - first.mean(dtype=np.float64).astype(np.float32)
    b = a if second is None else second - second.mean(dtype=np.float64).astype(np.float32)
    both = float(np.vdot(a[:-1, :-1], b[1:, 1:])) + float(np.vdot(a[:-1, 1:], b[1:, :-1]))
    return float(both / (2 * b[1:, 1:].size))


def noise_error(image: Image) -> float:
    """Standard error of :func:`shared_variance` of an image that is all noise.

    The mean of N products of independent values has an error of their variance over sqrt(N);
    there are two neighbours a pixel.
    """
    return float(image.var(dtype=np.float64)) / float(np.sqrt(2 * image.size))


def detail(plane: NDArray[Any], pixel_size_um: float) -> Image:
    """``plane`` ``(Y, X)`` without haze, float32."""
    side = 2 * max(1, round(HAZE_UM / pixel_size_um / 2)) + 1
    values = plane.astype(np.float32)
    return np.asarray(values - uniform_filter(values, side), np.float32)


def coarse(plane: NDArray[Any], factor: int) -> Image:
    """``plane`` ``(Y, X)`` averaged over blocks of ``factor`` pixels, float32."""
    rows, columns = (n // factor for n in plane.shape)
    part = plane[: rows * factor, : columns * factor].astype(np.float32)
    return np.asarray(part.reshape(rows, factor, columns, factor).mean(axis=(1, 3)))


def coarse_pair(image: Image, factor: int) -> tuple[Image, Image]:
    """Block means of the black and of the white pixels of a chessboard over ``image`` ``(Y, X)``.

    Both see the same structure and no common noise, so that their covariance is the variance of
    the structure at this scale.
    """
    rows, columns = (n // factor for n in image.shape)
    part = image[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    y, x = np.indices((factor, factor))
    black = ((y + x) % 2 == 0).astype(np.float32)
    means = [np.einsum("aibj,ij->ab", part, mask) / mask.sum() for mask in (black, 1 - black)]
    return np.asarray(means[0], np.float32), np.asarray(means[1], np.float32)
