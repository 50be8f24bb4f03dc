"""Surfaces as text, for the command line, the metadata of files and the events of a session."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deepz_live.image.dpm import Cylinder, Sinusoid, Surface, SurfaceError, Tilt, Uniform
from deepz_live.image.free import Free
from deepz_live.image.points import Points
from deepz_live.image.surface_fit import FEWEST, FitKind

SURFACE_FORMS = (
    "uniform:Z (µm), tilt:AX,AY[,Z] (degrees along x and y), "
    "cylinder:D[@ANGLE][,Z] (diameter in mm, direction of the axis in degrees), "
    "sine:PERIOD,AMPLITUDE[@ANGLE][,Z] (µm), points:Z,Y,X;Z,Y,X;Z,Y,X (µm, a plane), "
    "quadratic:Z,Y,X;… (six points or more), thin-plate:Z,Y,X;… (three or more), "
    "free:SPACING;Z,Z,…;Z,Z,… (heights on a grid, row by row, µm)"
)
MOST_COLUMNS = 10_000


def parse_surface(text: str) -> Surface:
    """Read a surface such as ``"uniform:3"``, ``"tilt:1.5,0"`` or ``"cylinder:7.2@0"``.

    Raises
    ------
    SurfaceError
        Unknown form or wrong numbers; the text names all forms.
    """
    kind, _, values = text.strip().partition(":")
    reader = _READERS.get(kind.strip().lower())
    try:
        if reader is None:
            raise ValueError("unknown kind of surface")
        return reader(values)
    except (ValueError, TypeError) as error:
        raise SurfaceError(
            f"Surface {text!r} cannot be read ({error}); use one of {SURFACE_FORMS}."
        ) from error


def surface_text(surface: Surface) -> str:
    """The text of which :func:`parse_surface` makes the same surface again.

    Raises
    ------
    SurfaceError
        A surface of a kind that has no text.
    """
    match surface:
        case Uniform(z):
            return f"uniform:{_row(z)}"
        case Tilt(x, y, z):
            return f"tilt:{_row(x, y, z)}"
        case Cylinder(diameter, angle, z):
            return f"cylinder:{_row(diameter)}@{_row(angle, z)}"
        case Sinusoid(period, amplitude, angle, z):
            return f"sine:{_row(period, amplitude)}@{_row(angle, z)}"
        case Points(points, fit):
            return f"{_FORMS[fit]}:" + ";".join(_row(*point) for point in points)
        case Free(heights, spacing):
            return f"free:{_row(spacing)};" + ";".join(_row(*row) for row in heights)
    raise SurfaceError(
        f"A surface of kind {type(surface).__name__} has no text; use one of {SURFACE_FORMS}."
    )


def _row(*numbers: float) -> str:
    """Numbers as short as they can be read back unchanged."""
    return ",".join(repr(float(number)).removesuffix(".0") for number in numbers)


def _read_uniform(text: str) -> Surface:
    (z_um,) = _numbers(text, 1, 1)
    return Uniform(z_um)


def _read_tilt(text: str) -> Surface:
    return Tilt(*_numbers(text, 2, 3))


def _read_cylinder(text: str) -> Surface:
    (diameter, *height), angle = _with_angle(text, 1, 2)
    if diameter == 0:
        raise ValueError("the diameter is 0")
    return Cylinder(diameter, angle, *height)


def _read_sine(text: str) -> Surface:
    (period, amplitude, *height), angle = _with_angle(text, 2, 3)
    if period <= 0:
        raise ValueError("the period must be above 0 µm")
    return Sinusoid(period, amplitude, angle, *height)


def _read_points(fit: FitKind) -> Callable[[str], Surface]:
    def read(text: str) -> Surface:
        points = [_numbers(part, 3, 3) for part in text.split(";") if part.strip()]
        if len(points) < FEWEST[fit]:
            raise ValueError(f"{len(points)} point(s) given, {FEWEST[fit]} or more are needed")
        return Points(tuple((z, y, x) for z, y, x in points), fit)

    return read


def _read_free(text: str) -> Surface:
    spacing, *rows = text.split(";")
    (spacing_um,) = _numbers(spacing, 1, 1)
    heights = tuple(tuple(_numbers(row, 1, MOST_COLUMNS)) for row in rows)
    if spacing_um <= 0 or len({len(row) for row in heights}) != 1:
        raise ValueError("a spacing above 0 µm and rows of one length are wanted")
    return Free(heights, spacing_um)


_FORMS: dict[FitKind, str] = {
    "plane": "points",
    "quadratic": "quadratic",
    "thin-plate": "thin-plate",
}
_READERS: dict[str, Callable[[str], Surface]] = {
    "uniform": _read_uniform,
    "tilt": _read_tilt,
    "cylinder": _read_cylinder,
    "sine": _read_sine,
    **{form: _read_points(fit) for fit, form in _FORMS.items()},
    "free": _read_free,
}


def _with_angle(text: str, least: int, most: int) -> tuple[list[float], float]:
    head, _, tail = text.partition("@")
    angle, _, height = tail.partition(",")
    numbers = _numbers(f"{head},{height}" if height else head, least, most)
    return numbers, _numbers(angle, 1, 1)[0] if tail else 0.0


def _numbers(text: str, least: int, most: int) -> list[float]:
    numbers = [float(part) for part in text.split(",")]
    if not np.isfinite(numbers).all():
        raise ValueError("every number must be finite")
    if not least <= len(numbers) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"{len(numbers)} number(s) given, {wanted} wanted")
    return numbers
