"""What two modalities show alike: fine detail on pixels of one size.

A wide-field image is its confocal counterpart plus haze and a wider blur. Both vanish in a band
of spatial frequencies that is resolved by both and finer than haze, so only that band is compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Matrix = NDArray[np.float64]
Planes = NDArray[np.float32]

FINE_PX, COARSE_PX = 1.0, 4.0
"""The band, sigmas of the two Gaussians whose difference passes it, working pixels."""
EVEN_PX = 12.0
"""Contrast is evened out over this distance (sigma), so that dim structures count too."""
LARGEST_PX = 1024
"""Longer fields are compared on larger pixels: their offsets still come to a tenth of a pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The detail of a stack on working pixels.

    Attributes
    ----------
    detail
        ``(Z, Y, X)`` float32, band-passed planes.
    picture
        ``(Y, X)`` float32, 0 … 1: their maximum over z with contrast evened out.
    matrix
        ``(3, 3)``, from pixel ``(x, y, 1)`` of the stack to working pixel.
    """

    detail: Planes
    picture: Planes
    matrix: Matrix


def working_scale(shape: tuple[int, ...]) -> float:
    """Working pixels per pixel of a fixed stack of ``shape`` ``(Z, Y, X)``, at most 1."""
    return min(1.0, LARGEST_PX / max(shape[1:]))


def view(stack: NDArray[np.generic], scale: float) -> View:
    """The detail of ``stack`` ``(Z, Y, X)``, ``scale`` working pixels a pixel."""
    detail = np.stack([_band(_resized(np.asarray(p, np.float32), scale)) for p in stack])
    return View(detail, picture(detail), scaling(scale))


def picture(detail: Planes) -> Planes:
    """One image ``(Y, X)``, 0 … 1, of band-passed planes: the sharpest of each place."""
    image = detail.max(axis=0)
    power = ndimage.gaussian_filter(image**2, EVEN_PX)
    even = image / (np.sqrt(power) + 0.3 * np.sqrt(float((image**2).mean())) + 1e-12)
    low, high = np.quantile(even, (0.01, 0.999))
    return np.asarray(np.clip((even - low) / max(float(high - low), 1e-12), 0, 1), np.float32)


def scaling(scale: float) -> Matrix:
    """From pixel to working pixel: the outer edges of both grids coincide."""
    matrix = np.diag([scale, scale, 1.0])
    matrix[:2, 2] = (scale - 1) / 2
    return matrix


def warped(
    image: Planes, matrix: Matrix, shape: tuple[int, ...], *, outside: float = 0.0
) -> Planes:
    """``image`` ``(Y, X)`` on a grid of ``shape``: pixel ``p`` shows ``image`` at ``matrix p``.

    Linear interpolation; ``outside`` where the image has no data.
    """
    return sampled(image, mapped(matrix, shape), outside=outside, order=1)


def mapped(matrix: Matrix, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Where the pixels of a grid of ``shape`` ``(Y, X)`` come to lie: ``(2, Y, X)``, (y, x)."""
    y, x = np.indices(shape, dtype=np.float64)
    return moved(matrix, np.stack([y, x]))


def moved(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points ``(2, …)`` (y, x) through a projective ``matrix`` that acts on ``(x, y, 1)``."""
    y, x = points
    across, down, depth = (row[0] * x + row[1] * y + row[2] for row in matrix)
    return np.stack([down / depth, across / depth])


def sampled(image: Planes, places: NDArray[np.float64], *, outside: float, order: int) -> Planes:
    """``image`` at ``places`` ``(2, Y, X)``; ``outside`` beyond its outermost pixel centres."""
    values = ndimage.map_coordinates(image, places, order=order, mode="nearest")
    limits = np.asarray(image.shape, np.float64).reshape(2, 1, 1) - 1
    beyond = ((places < -1e-6) | (places > limits + 1e-6)).any(axis=0)
    values[beyond] = outside
    return np.asarray(values, np.float32)


def _resized(plane: Planes, scale: float) -> Planes:
    if abs(scale - 1) < 1e-9:
        return plane
    smooth = ndimage.gaussian_filter(plane, 0.5 / scale) if scale < 1 else plane
    size = tuple(max(1, round(n * scale)) for n in plane.shape)
    back = np.linalg.inv(scaling(scale))
    return np.asarray(
        ndimage.affine_transform(
            smooth, np.diag(back)[:2], back[:2, 2], output_shape=size, order=1, mode="nearest"
        ),
        np.float32,
    )


def _band(plane: Planes) -> Planes:
    fine, coarse = (ndimage.gaussian_filter(plane, s, mode="nearest") for s in (FINE_PX, COARSE_PX))
    return np.asarray(fine - coarse, np.float32)
