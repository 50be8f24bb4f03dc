"""How sharp is a plane, and one image that is sharp everywhere."""

from __future__ import annotations

import numpy as np
import pywt
from numpy.typing import NDArray

WAVELET = "sym8"
LEVELS = 4


def sharpness(planes: NDArray[np.generic]) -> NDArray[np.float64]:
    """Standard deviation of every plane, the paper's focus criterion.

    Parameters
    ----------
    planes
        ``(Z, Y, X)``.

    Returns
    -------
    ``(Z,)`` in the unit of the pixels.
    """
    return np.asarray([np.std(plane, dtype=np.float64) for plane in planes])


def fine_structure(planes: NDArray[np.generic], background: float = 0.0) -> NDArray[np.float64]:
    """How much fine structure every plane has for its light; what noise adds averages out.

    Vollath's F4 (D. Vollath, J. Microsc. 147, 279, 1987), along both axes, over the square of the
    mean light: the autocorrelation one pixel apart less that two pixels apart. It weighs spatial
    frequencies f by cos(2πf) - cos(4πf) (f in cycles a pixel): nothing of what is even, most of
    a period of five pixels, and of white noise as much above zero as below. The standard deviation
    and gradients take noise for sharpness, so they prefer a measured plane to a refocused one.

    Parameters
    ----------
    planes
        ``(Z, Y, X)``, at least three pixels wide and high.
    background
        What a pixel without light reads.

    Returns
    -------
    ``(Z,)``, without unit; NaN where the mean light is not above zero.
    """
    found = []
    for plane in planes:
        light = np.asarray(plane, np.float64) - background
        mean = float(light.mean())
        rise = _alike(light, 1) - _alike(light, 2)
        found.append(rise / mean**2 if mean > 0 else np.nan)
    return np.asarray(found)


def _alike(light: NDArray[np.float64], apart: int) -> float:
    """Mean product of pixels ``apart`` along an axis, of both axes."""
    down = float(np.mean(light[:-apart] * light[apart:]))
    right = float(np.mean(light[:, :-apart] * light[:, apart:]))
    return (down + right) / 2


def middle_plane(planes: NDArray[np.generic], reach: int) -> int:
    """Index of the sharpest plane that has ``reach`` planes on both sides.

    ``planes`` is ``(Z, Y, X)``; where it has fewer than ``2 reach + 1`` planes, the index of the
    central one.
    """
    last = len(planes) - 1
    low, high = min(reach, last // 2), max(last - reach, last // 2)
    return int(np.clip(int(np.argmax(sharpness(planes))), low, high))


def extended_depth_of_field(planes: NDArray[np.generic]) -> NDArray[np.float32]:
    """One image in which everything is in focus, by wavelet fusion.

    Of all planes the wavelet coefficient with the largest magnitude is kept, and each pixel of
    the fused image is then replaced by the nearest value that this pixel really had in the stack,
    so that fusion invents no brightness (B. Forster et al., Microsc. Res. Tech. 65, 33-42, 2004;
    here with a real wavelet).

    Parameters
    ----------
    planes
        ``(Z, Y, X)``, any dtype.

    Returns
    -------
    ``(Y, X)`` float32, same unit.
    """
    shape = planes.shape[1:]
    levels = min(LEVELS, pywt.dwt_max_level(min(shape), WAVELET))
    if levels < 1:
        return np.asarray(planes.max(axis=0), np.float32)
    fused: NDArray[np.float32] | None = None
    slices = None
    for plane in planes:
        coefficients, slices = pywt.coeffs_to_array(
            pywt.wavedec2(np.asarray(plane, np.float32), WAVELET, mode="symmetric", level=levels)
        )
        if fused is None:
            fused = coefficients
        else:
            np.copyto(fused, coefficients, where=np.abs(coefficients) > np.abs(fused))
    coefficients = pywt.array_to_coeffs(fused, slices, output_format="wavedec2")
    image = pywt.waverec2(coefficients, WAVELET, mode="symmetric")[: shape[0], : shape[1]]
    return _nearest_measured(planes, np.asarray(image, np.float32))


def _nearest_measured(
    planes: NDArray[np.generic], image: NDArray[np.float32]
) -> NDArray[np.float32]:
    best = np.full(image.shape, np.inf, np.float32)
    result = np.zeros_like(image)
    for plane in planes:
        values = np.asarray(plane, np.float32)
        distance = np.abs(values - image)
        nearer = distance < best
        best[nearer] = distance[nearer]
        result[nearer] = values[nearer]
    return result
