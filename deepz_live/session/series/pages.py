"""Single images read out of a large file, one at a time."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tifffile
from numpy.typing import NDArray

from deepz_live.session.errors import StackError
from deepz_live.session.importing.optional import unreadable
from deepz_live.session.importing.zarr_store import DAMAGE as ZARR_DAMAGE
from deepz_live.session.importing.zarr_store import open_zarr
from deepz_live.session.tiff import DAMAGE, careful_tiff, content_of, damaged, unreadable_tiff
from deepz_live.session.tiff_series import image_series, incomplete


class Pages(Protocol):
    """The images ``(Y, X)`` of a file in C order of its other axes."""

    def read(self, at: tuple[int, ...]) -> NDArray[Any]:
        """The image at these places along the other axes. Raises :class:`StackError`."""

    def close(self) -> None:
        """Let go of the file; it is opened again when it is read."""


class TiffPages:
    """Pages of the image series of a TIFF file, which stays open between them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._tiff: tifffile.TiffFile | None = None

    def read(self, at: tuple[int, ...]) -> NDArray[Any]:
        """See :class:`Pages`."""
        with self._lock:
            if self._tiff is None:
                self._tiff = self._open.enter_context(tifffile.TiffFile(self._path))
            try:
                return _page(self._tiff, at)
            except DAMAGE as error:
                raise StackError(unreadable_tiff(self._path, f"image {at}: {error}")) from error

    def close(self) -> None:
        """See :class:`Pages`."""
        with self._lock:
            self._tiff = None
            self._open.close()


class ZarrPages:
    """Slices of a Zarr array; nothing stays open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._array = open_zarr(path).pixels

    def read(self, at: tuple[int, ...]) -> NDArray[Any]:
        """See :class:`Pages`."""
        try:
            return np.asarray(self._array[at])
        except ZARR_DAMAGE as error:
            raise unreadable(self._path, error) from error

    def close(self) -> None:
        """See :class:`Pages`."""


def check_whole(path: Path) -> None:
    """Raise :class:`StackError` where a TIFF file ends before its last image does.

    Reads no pixels: the places of all images are looked up, and the last of them is compared
    with the length of the file.
    """
    with careful_tiff(path) as tiff:
        series = image_series(tiff)
        images = int(np.prod(series.shape[:-2], dtype=int))
        length = path.stat().st_size
        if series.dataoffset is not None:
            if series.dataoffset + series.nbytes > length:
                raise StackError(damaged(path, f"it ends before the last of {images} images"))
            return
        pages = series.pages
        if len(pages) * int(np.prod(series.keyframe.shape)) < series.size:
            raise StackError(incomplete(path, images - len(pages), images))
        last = pages[len(pages) - 1]
        content_of(tiff)
        if last is not None and last.parent is tiff and _end_of(last) > length:
            raise StackError(damaged(path, f"it ends before the last of {images} images"))


def _end_of(page: Any) -> int:
    """Byte after the last one of a page."""
    ends = zip(page.dataoffsets, page.databytecounts, strict=True)
    return max((begin + count for begin, count in ends), default=0)


def _page(tiff: tifffile.TiffFile, at: tuple[int, ...]) -> NDArray[Any]:
    series = image_series(tiff)
    shape = series.shape[-2:]
    number = int(np.ravel_multi_index(at, series.shape[:-2])) if at else 0
    if series.dataoffset is not None:
        count = int(np.prod(shape))
        dtype = np.dtype(tiff.byteorder + series.dtype.char)
        offset = series.dataoffset + number * count * dtype.itemsize
        read = tiff.filehandle.read_array(dtype, count, offset=offset)
        pixels = np.asarray(read).reshape(shape)
    else:
        page = series.pages[number]
        if page is None:
            raise ValueError("a file of the series is missing")
        pixels = np.asarray(page.asarray()).reshape(shape)
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
