"""Which image series of a TIFF file is meant, and which of its images are not in it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import tifffile

from deepz_live.session.errors import StackError

Place = tuple[int, ...]
"""Where an image lies along all axes but Y and X."""


def absent_images(path: Path, series: tifffile.TiffPageSeries) -> frozenset[Place]:
    """Places of images that the metadata promise and no file holds; tifffile reads them as black.

    Raises
    ------
    StackError
        Some are absent and where they belong is not clear.
    """
    if series.dataoffset is not None:
        return frozenset()
    numbers = [number for number, page in enumerate(series) if page is None or _is_void(page)]
    shape = series.shape[: series.ndim - len(series.keyframe.shape)]
    if numbers and math.prod(shape) != len(series):
        raise StackError(incomplete(path, len(numbers), len(series)))
    return frozenset(
        tuple(int(index) for index in np.unravel_index(number, shape)) for number in numbers
    )


def incomplete(path: Path, lacking: int, wanted: int) -> str:
    """The sentence for a file of ``wanted`` images without ``lacking`` of them."""
    return (
        f"{path} is cut off or damaged ({wanted - lacking} of {wanted} images are there, "
        f"{lacking} missing); copy it again with all files of its recording, or, where the "
        "recording was broken off, save the images that are there as a file of its own."
    )


def _is_void(page: tifffile.TiffPage | tifffile.TiffFrame) -> bool:
    # So a Micro-Manager file that ends early is read: images of no bytes.
    return not any(page.databytecounts)
