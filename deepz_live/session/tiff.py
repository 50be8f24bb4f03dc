"""TIFF files opened with care, and what their metadata says about sampling."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from deepz_live.session.errors import StackError, too_large
from deepz_live.session.tiff_facts import PlaneFacts, tiff_facts
from deepz_live.session.tiff_series import Place, absent_images, image_series

_UNNAMED = "IQ"
"""Page axes of files that do not say what their pages are."""
_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
DAMAGE = (
    *(tifffile.TiffFileError, struct.error, zlib.error),
    *(ValueError, OSError, IndexError, KeyError, RuntimeError),
)
"""What tifffile and the decoders under it raise over a file that makes no sense."""


@dataclass(frozen=True, slots=True)
class TiffContent:
    """The image series of a TIFF file.

    Attributes
    ----------
    pixels
        As stored, axes as in ``axes``, native byte order.
    axes
        One letter an axis, e.g. ``"ZCYX"``; a page axis without a name is ``"Z"``.
    pixel_size_um, z_step_um
        None where the file does not say.
    planes
        Positions and exposure of each channel, as many as the file says; see :meth:`planes_of`.
    channels
        Names, empty where the file has none.
    interval_s, times_s
        Between two times; when each was taken, s. None where the file does not say.
    named
        False where the file does not say what its pages are: ``"Z"`` is a guess then.
    absent
        Images that are promised and in no file, by their place along all axes but Y and X; their
        ``pixels`` are 0.
    """

    pixels: NDArray[Any]
    axes: str
    pixel_size_um: float | None = None
    z_step_um: float | None = None
    planes: tuple[PlaneFacts, ...] = ()
    channels: tuple[str, ...] = ()
    interval_s: float | None = None
    times_s: tuple[float, ...] | None = None
    named: bool = True
    absent: frozenset[Place] = frozenset()

    def planes_of(self, channel: int) -> PlaneFacts:
        """Of the channel of this number. Without positions of its own it has the first's."""
        if not self.planes:
            return PlaneFacts()
        found = self.planes[channel] if channel < len(self.planes) else PlaneFacts()
        return found if found.z_um else replace(found, z_um=self.planes[0].z_um)


def read_tiff(path: Path) -> TiffContent:
    """Read the image series of a TIFF file, whole.

    Raises
    ------
    StackError
        Missing, not a TIFF, cut off or damaged; several series.
    """
    with careful_tiff(path) as tiff:
        series = image_series(tiff)
        pixels = np.asarray(series.asarray())
        native = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
        return replace(content_of(tiff), pixels=native)


def content_of(tiff: tifffile.TiffFile) -> TiffContent:
    """The series with its metadata; its pixels are not read, ``pixels`` is empty of them."""
    series = image_series(tiff)
    named = not set(series.axes) & set(_UNNAMED)
    axes = series.axes.translate(str.maketrans(_UNNAMED, "Z" * len(_UNNAMED)))
    shape_only = np.broadcast_to(np.zeros((), series.dtype), series.shape)
    absent = absent_images(Path(tiff.filehandle.path), series)
    return TiffContent(shape_only, axes, named=named, absent=absent, **tiff_facts(tiff, series))


@contextmanager
def careful_tiff(path: Path) -> Iterator[tifffile.TiffFile]:
    """An open file; what goes wrong in the block is said in a sentence.

    Raises
    ------
    StackError
        Missing, not a TIFF, cut off or damaged, larger than memory.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise StackError(f"Image file {path} {what}; give the path of a TIFF file.")
    try:
        with _complaints() as complaints, tifffile.TiffFile(path) as tiff:
            yield tiff
    except StackError:
        raise
    except MemoryError as error:
        raise too_large(path, error) from error
    except DAMAGE as error:
        if isinstance(error, tifffile.TiffFileError) and not _begins_as_tiff(path):
            raise StackError(f"{path} is not a TIFF file ({error}); give a TIFF image.") from error
        raise StackError(unreadable_tiff(path, str(error))) from error
    if complaints:
        raise StackError(damaged(path, complaints[0]))


def _begins_as_tiff(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in _SIGNATURES


def unreadable_tiff(path: Path, why: str) -> str:
    """The sentence for what tifffile says of a file: damaged, or a package is not there."""
    if "'imagecodecs' package" not in why:
        return damaged(path, why)
    return (
        f"{path} is compressed in a way that needs the package imagecodecs, which is not installed "
        f"({why}); save it uncompressed or compressed by zlib (Deflate), or install the package "
        "with `pip install imagecodecs`."
    )


def damaged(path: Path, why: str) -> str:
    """The sentence for a file that ends early or makes no sense."""
    return f"{path} is cut off or damaged ({why}); copy it again from where it was recorded."


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What tifffile logs as an error: a page chain that ends in nothing is only logged."""
    found: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    logger, handler = logging.getLogger("tifffile"), Collect(logging.ERROR)
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        yield found
    finally:
        logger.propagate = propagate
        logger.removeHandler(handler)
