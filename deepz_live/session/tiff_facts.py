"""What the metadata of a TIFF file says about sampling in space and time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import tifffile

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
_TIME_NAMES = {
    1e-6: "ns nsec nanosecond nanoseconds",
    1e-3: "us usec microsecond microseconds",
    1.0: "ms msec millisecond milliseconds",
    1e3: "s sec secs second seconds",
    6e4: "min mins minute minutes",
    3.6e6: "h hr hrs hour hours",
    8.64e7: "d day days",
}
_MS_PER_UNIT = {name: ms for ms, names in _TIME_NAMES.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class PlaneFacts:
    """What a file says of the planes of one channel.

    Attributes
    ----------
    z_um
        Position of each plane along z, or None.
    exposure_ms
        Of the first plane, or None.
    """

    z_um: tuple[float, ...] | None = None
    exposure_ms: float | None = None


def tiff_facts(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> dict[str, Any]:
    """What OME or ImageJ metadata say of ``series``, for :class:`~.tiff.TiffContent`; else nothing.

    Raises
    ------
    StackError
        The pixels are not square.
    """
    return _ome_facts(tiff, series) or _imagej_facts(tiff) or {}


def _ome_facts(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> dict[str, Any] | None:
    if not tiff.is_ome or tiff.ome_metadata is None:
        return None
    images = _all(tifffile.xml2dict(tiff.ome_metadata).get("OME", {}).get("Image"))
    pixels = _first(_image_of(images, tiff.series.index(series), series.name).get("Pixels"))
    size_x = _ome_length(pixels, "PhysicalSizeX")
    size_y = _ome_length(pixels, "PhysicalSizeY")
    if size_x and size_y and abs(size_x - size_y) > 0.01 * size_x:
        raise StackError(
            f"The pixels of {tiff.filename} are not square ({size_x:g} × {size_y:g} µm); "
            "resample the image to square pixels."
        )
    channels = [c.get("Name") for c in _all(pixels.get("Channel"))]
    return {
        "pixel_size_um": size_x or size_y,
        "z_step_um": _ome_length(pixels, "PhysicalSizeZ"),
        "planes": _planes_by_channel(pixels),
        "channels": tuple(str(name) for name in channels) if None not in channels else (),
        "interval_s": _seconds(pixels, "TimeIncrement"),
        "times_s": _plane_times_s(pixels),
    }


def _image_of(images: list[dict[str, Any]], number: int, name: str) -> dict[str, Any]:
    # Images without a plane are no series, so that numbers may differ where names do not.
    named = [image for image in images if str(image.get("Name")) == name]
    return named[0] if len(named) == 1 else next(iter(images[number:] or images), {})


def _planes_by_channel(pixels: dict[str, Any]) -> tuple[PlaneFacts, ...]:
    """Of the first time; none where the file lists no planes."""
    planes = [plane for plane in _all(pixels.get("Plane")) if not plane.get("TheT")]
    planes.sort(key=lambda plane: int(plane.get("TheZ") or 0))
    by_channel: dict[int, list[dict[str, Any]]] = {}
    for plane in planes:
        by_channel.setdefault(int(plane.get("TheC") or 0), []).append(plane)
    return tuple(
        _plane_facts(by_channel.get(number, []))
        for number in range(max(by_channel, default=-1) + 1)
    )


def _plane_facts(planes: list[dict[str, Any]]) -> PlaneFacts:
    found = [_ome_length(plane, "PositionZ") for plane in planes]
    z_um = tuple(z for z in found if z is not None)
    return PlaneFacts(
        z_um=z_um if z_um and len(z_um) == len(found) else None,
        exposure_ms=_ome_exposure_ms(planes[0]) if planes else None,
    )


def _plane_times_s(pixels: dict[str, Any]) -> tuple[float, ...] | None:
    """When the first plane of each time was taken, where all of them say it."""
    planes = [p for p in _all(pixels.get("Plane")) if not p.get("TheC") and not p.get("TheZ")]
    planes.sort(key=lambda plane: int(plane.get("TheT", 0)))
    times = tuple(_seconds(plane, "DeltaT") for plane in planes)
    return tuple(time for time in times if time is not None) if None not in times else None


def _ome_length(element: dict[str, Any], name: str) -> float | None:
    # The default unit of OME is µm for sizes; positions without a unit are in unknown units.
    default = "µm" if name.startswith("Physical") else "reference frame"
    return _scaled(element.get(name), str(element.get(f"{name}Unit", default)), _UM_PER_UNIT)


def _ome_exposure_ms(plane: dict[str, Any]) -> float | None:
    return _scaled(plane.get("ExposureTime"), str(plane.get("ExposureTimeUnit", "s")), _MS_PER_UNIT)


def _seconds(element: dict[str, Any], name: str) -> float | None:
    time_ms = _scaled(element.get(name), str(element.get(f"{name}Unit", "s")), _MS_PER_UNIT)
    return None if time_ms is None else time_ms / 1e3


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
        "interval_s": _imagej_interval_s(facts),
    }


def _imagej_interval_s(facts: dict[str, Any]) -> float | None:
    """``finterval`` is in the file's own unit of time; ``fps`` stands where it was not given.

    ``fps`` is only the pace at which ImageJ plays: it is no answer where the unit is unknown.
    """
    if facts.get("finterval"):
        interval_ms = _scaled(facts["finterval"], str(facts.get("tunit", "s")), _MS_PER_UNIT)
        return interval_ms / 1e3 if interval_ms and interval_ms > 0 else None
    rate_hz = facts.get("fps")
    return 1.0 / rate_hz if isinstance(rate_hz, (int, float)) and rate_hz > 0 else None


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
