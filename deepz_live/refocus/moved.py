"""Images moved by parts of a pixel: by slices, several times faster than scipy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]


def moved(image: Image, pixels: float, axis: int, empty: np.float32) -> Image:
    """What lies ``pixels`` further along ``axis`` of ``(Y, X)``, linearly; ``empty`` beyond it."""
    if pixels == 0:
        return image
    whole = math.floor(pixels)
    part = np.float32(pixels - whole)
    length = image.shape[axis]
    start = min(max(0, -whole), length)
    stop = max(start, min(length, length - whole - (1 if part else 0)))
    out = np.full_like(image, empty)
    kept, below, above = (
        tuple(slice(first, last) if one == axis else slice(None) for one in (0, 1))
        for first, last in (
            (start, stop),
            (start + whole, stop + whole),
            (start + whole + 1, stop + whole + 1),
        )
    )
    if part:
        np.multiply(image[below], 1 - part, out=out[kept])
        out[kept] += image[above] * part
    else:
        out[kept] = image[below]
    return out
