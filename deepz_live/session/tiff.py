"""TIFF files opened with care, and what their metadata says about sampling."""

from __future__ import annotations

import logging
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from deepz_live.session.errors import StackError

_UM_PER_UNIT = {
    "pm": 1e-6,
    "å": 1e-4,
    "angstrom": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "um": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "m": 1e6,
    "in": 25400.0,
    "inch": 25400.0,
}
_MS_PER_UNIT = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4}

_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_DAMAGE = (tifffile.TiffFileError, struct.error, ValueError, OSError, IndexError, KeyError)


@dataclass(frozen=True, slots=True)
class TiffContent:
    """The first image series of a TIFF file.

    Attributes
    ----------
    pixels
        As stored, axes as in ``axes``, native byte order.
    axes
        One letter an axis, e.g. ``"ZCYX"``; a page axis without a name is ``"Z"``.
    pixel_size_um, z_step_um, exposure_ms
        None where the file does not say.
    z_um
        Position of each page along z for the first channel, or None.
    channels
        Names, empty where the file has none.
    """

    pixels: NDArray[Any]
    axes: str
    pixel_size_um: float | None = None
    z_step_um: float | None = None
    z_um: tuple[float, ...] | None = None
    channels: tuple[str, ...] = ()
    exposure_ms: float | None = None


def read_tiff(path: Path) -> TiffContent:
    """Read the first series of a TIFF file, whole.

    Raises
    ------
    StackError
        Missing, not a TIFF, cut off or damaged.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise StackError(f"Image file {path} {what}; give the path of a TIFF file.")
    try:
        with _complaints() as complaints, tifffile.TiffFile(path) as tiff:
            series = tiff.series[0]
            pixels = np.asarray(series.asarray())
            axes = series.axes.translate(str.maketrans("IQ", "ZZ"))
            facts = _ome_facts(tiff) or _imagej_facts(tiff) or {}
    except _DAMAGE as error:
        if isinstance(error, tifffile.TiffFileError) and not _begins_as_tiff(path):
            raise StackError(f"{path} is not a TIFF file ({error}); give a TIFF image.") from error
        raise StackError(_damaged(path, str(error))) from error
    if complaints:
        raise StackError(_damaged(path, complaints[0]))
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    return TiffContent(pixels=pixels, axes=axes, **facts)


def _begins_as_tiff(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in _SIGNATURES


def _damaged(path: Path, why: str) -> str:
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


def _ome_facts(tiff: tifffile.TiffFile) -> dict[str, Any] | None:
    if not tiff.is_ome or tiff.ome_metadata is None:
        return None
    image = _first(tifffile.xml2dict(tiff.ome_metadata).get("OME", {}).get("Image"))
    pixels = _first(image.get("Pixels"))
    size_x = _ome_length(pixels, "PhysicalSizeX")
    size_y = _ome_length(pixels, "PhysicalSizeY")
    if size_x and size_y and abs(size_x - size_y) > 0.01 * size_x:
        raise StackError(
            f"The pixels of {tiff.filename} are not square ({size_x:g} × {size_y:g} µm); "
            "resample the image to square pixels."
        )
    channels = [c.get("Name") for c in _all(pixels.get("Channel"))]
    planes = [p for p in _all(pixels.get("Plane")) if not p.get("TheC") and not p.get("TheT")]
    planes.sort(key=lambda plane: int(plane.get("TheZ", 0)))
    positions = [_ome_length(plane, "PositionZ") for plane in planes]
    exposures = [_ome_exposure_ms(plane) for plane in planes]
    return {
        "pixel_size_um": size_x or size_y,
        "z_step_um": _ome_length(pixels, "PhysicalSizeZ"),
        "z_um": tuple(positions) if positions and None not in positions else None,
        "channels": tuple(str(name) for name in channels) if None not in channels else (),
        "exposure_ms": exposures[0] if exposures else None,
    }


def _ome_length(element: dict[str, Any], name: str) -> float | None:
    # The default unit of OME is µm for sizes; positions without a unit are in unknown units.
    default = "µm" if name.startswith("Physical") else "reference frame"
    return _scaled(element.get(name), str(element.get(f"{name}Unit", default)), _UM_PER_UNIT)


def _ome_exposure_ms(plane: dict[str, Any]) -> float | None:
    return _scaled(plane.get("ExposureTime"), str(plane.get("ExposureTimeUnit", "s")), _MS_PER_UNIT)


def _imagej_facts(tiff: tifffile.TiffFile) -> dict[str, Any] | None:
    facts = tiff.imagej_metadata
    if facts is None:
        return None
    unit = str(facts.get("unit", "pixel"))
    sizes = []
    for name in ("XResolution", "YResolution"):
        tag = tiff.pages.first.tags.get(name)
        pixels, units = tag.value if tag is not None else (0, 0)
        sizes.append(_scaled(units / pixels if pixels else None, unit, _UM_PER_UNIT))
    size_x, size_y = sizes
    if size_x and size_y and abs(size_x - size_y) > 0.01 * size_x:
        raise StackError(
            f"The pixels of {tiff.filename} are not square ({size_x:g} × {size_y:g} µm); "
            "resample the image to square pixels."
        )
    return {
        "pixel_size_um": size_x or size_y,
        "z_step_um": _scaled(facts.get("spacing"), unit, _UM_PER_UNIT),
    }


def _scaled(value: object, unit: str, table: dict[str, float]) -> float | None:
    """``value`` in the table's unit; None where the value or the unit means nothing."""
    # ImageJ writes the micro sign as an escape; two characters look like it.
    name = unit.strip().lower().replace("\\u00b5", "u").replace("µ", "u").replace("μ", "u")
    factor = table.get(name)
    if factor is None or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value) * factor


def _all(element: object) -> list[dict[str, Any]]:
    items = element if isinstance(element, (list, tuple)) else [element]
    return [item for item in items if isinstance(item, dict)]


def _first(element: object) -> dict[str, Any]:
    return next(iter(_all(element)), {})
