"""Which image series of a TIFF file is meant, and which of its images are not in it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import tifffile

from deepz_live.session.errors import StackError

Place = tuple[int, ...]
"""Where an image lies along all axes but Y and X."""


_BESIDE = ("label", "macro", "overview", "thumb", "preview")
"""Words in the names of pictures that go with an image."""


def image_series(tiff: tifffile.TiffFile) -> tifffile.TiffPageSeries:
    """The one image series of the file.

    Not counted are what lies in other files (where each position has its own, all of them are
    described in each), thumbnails, labels and masks. Levels of a pyramid are no series.

    Raises
    ------
    StackError
        Several series: which of them is meant is for people to say.
    """
    own = [series for series in tiff.series if _is_within(series, tiff)] or tiff.series
    images = [own[0], *(series for series in own[1:] if not _is_beside(series, own[0]))]
    if len(images) > 1:
        raise StackError(
            f"{tiff.filehandle.path} holds {len(images)} positions or separate images "
            f"({own[0].axes} of shape {own[0].shape} first), one is wanted; save each stack or "
            "series as a file of its own and give those."
        )
    return own[0]


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


def _is_within(series: tifffile.TiffPageSeries, tiff: tifffile.TiffFile) -> bool:
    return any(page is not None and page.parent is tiff for page in series)


def _is_beside(series: tifffile.TiffPageSeries, first: tifffile.TiffPageSeries) -> bool:
    """Whether a series is a picture that goes with the image and no image of its own."""
    page = series.keyframe
    if page.is_reduced or page.is_mask or "S" in series.axes:
        return True
    smaller = len(series) == 1 and math.prod(page.shape) < math.prod(first.keyframe.shape)
    return smaller or any(word in series.name.lower() for word in _BESIDE)


def _is_void(page: tifffile.TiffPage | tifffile.TiffFrame) -> bool:
    # So a Micro-Manager file that ends early is read: images of no bytes.
    return not any(page.databytecounts)
