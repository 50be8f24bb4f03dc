"""Surfaces, and the digital propagation matrices (DPM) that refocus a frame onto them.

A DPM is ``(Y, X)`` float32 in µm: target minus input plane, for every pixel of the frame
(paper, "Digital propagation matrix"). Coordinates of a surface start at the centre of the
image: x runs right, y runs down, both in µm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Dpm = NDArray[np.float32]

SURFACE_FORMS = (
    "uniform:Z (µm), tilt:AX,AY[,Z] (degrees along x and y), "
    "cylinder:D[@ANGLE][,Z] (diameter in mm, direction of the axis in degrees), "
    "sine:PERIOD,AMPLITUDE[@ANGLE][,Z] (µm), points:Z,Y,X;Z,Y,X;Z,Y,X (µm)"
)


class SurfaceError(ValueError):
    """A surface that cannot be made: the sentence says what was found and which forms exist."""


class Surface(Protocol):
    """A rule that makes a DPM for an image of any size."""

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:
        """Distances ``(Y, X)`` float32 in µm for an image of ``shape`` pixels."""


@dataclass(frozen=True, slots=True)
class Uniform:
    """The plane at ``z_um``, parallel to the input plane."""

    z_um: float

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:  # noqa: ARG002
        """``(Y, X)`` float32, µm: ``z_um`` everywhere."""
        return np.full(shape, self.z_um, np.float32)


@dataclass(frozen=True, slots=True)
class Tilt:
    """A plane inclined by ``x_deg`` along +x and ``y_deg`` along +y, at ``z_um`` in the centre."""

    x_deg: float
    y_deg: float
    z_um: float = 0.0

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:
        """``(Y, X)`` float32, µm: ``z + x tan(x_deg) + y tan(y_deg)``."""
        for angle in (self.x_deg, self.y_deg):
            if not abs(angle) < 90:
                raise SurfaceError(
                    f"A tilt of {angle:g}° is no surface; give angles between -90° and 90°."
                )
        y, x = _grid(shape, pixel_size_um)
        slope_x, slope_y = np.tan(np.deg2rad([self.x_deg, self.y_deg]))
        return _float32(self.z_um + slope_x * x + slope_y * y)


@dataclass(frozen=True, slots=True)
class Cylinder:
    """A cylinder's upper side: highest (``z_um``) on its axis, which goes through the centre.

    A negative diameter is the hollow side, lowest on the axis. The axis points ``axis_deg`` from
    +x towards +y.
    """

    diameter_mm: float
    axis_deg: float = 0.0
    z_um: float = 0.0

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:
        """``(Y, X)`` float32, µm: ``z + sqrt(r² - d²) - r``, d the distance from the axis.

        Raises
        ------
        SurfaceError
            The image reaches beyond the cylinder.
        """
        radius = abs(self.diameter_mm) * 500.0
        across = _along(shape, pixel_size_um, self.axis_deg + 90.0)
        reach = float(np.abs(across).max())
        if reach >= radius:
            raise SurfaceError(
                f"A cylinder of {self.diameter_mm:g} mm ends {radius:g} µm from its axis, but the "
                f"image reaches {reach:.0f} µm; give a larger diameter."
            )
        sag = np.sqrt(radius**2 - across**2) - radius
        return _float32(self.z_um + np.copysign(1.0, self.diameter_mm) * sag)


@dataclass(frozen=True, slots=True)
class Sinusoid:
    """Waves of ``period_um`` and ``amplitude_um`` (half of crest to trough) along ``wave_deg``."""

    period_um: float
    amplitude_um: float
    wave_deg: float = 0.0
    z_um: float = 0.0

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:
        """``(Y, X)`` float32, µm: ``z + A sin(2 pi u / period)``, u from the centre."""
        if not self.period_um > 0:
            raise SurfaceError(
                f"A sinusoid with a period of {self.period_um:g} µm is no surface; "
                "give a period above 0 µm."
            )
        along = _along(shape, pixel_size_um, self.wave_deg)
        return _float32(self.z_um + self.amplitude_um * np.sin(2 * np.pi * along / self.period_um))


@dataclass(frozen=True, slots=True)
class Points:
    """The plane fitted (least squares) through three or more points ``(z, y, x)``, µm."""

    points_um: tuple[tuple[float, float, float], ...]

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:
        """``(Y, X)`` float32, µm.

        Raises
        ------
        SurfaceError
            Fewer than three points, or all of them on one line.
        """
        points = np.asarray(self.points_um, np.float64).reshape(-1, 3)
        design = np.column_stack([np.ones(len(points)), points[:, 1:]])
        if np.linalg.matrix_rank(design, tol=1e-6) < 3:
            raise SurfaceError(
                f"{len(points)} point(s) do not span a plane; "
                "give three or more that are not on one line."
            )
        height, slope_y, slope_x = np.linalg.lstsq(design, points[:, 0], rcond=None)[0]
        y, x = _grid(shape, pixel_size_um)
        return _float32(height + slope_y * y + slope_x * x)


@dataclass(frozen=True, slots=True, eq=False)
class Free:
    """Any surface, given as its DPM ``(Y, X)`` in µm."""

    z_um: NDArray[np.floating]

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:  # noqa: ARG002
        """The array given, as float32. Raises :class:`SurfaceError` where sizes differ."""
        if self.z_um.shape != shape:
            raise SurfaceError(
                f"The surface has {_size(self.z_um.shape)} values, but the image "
                f"has {_size(shape)} pixels; give one distance for each pixel."
            )
        if not np.isfinite(self.z_um).all():
            raise SurfaceError("The surface holds values that are no number; fill them first.")
        return _float32(self.z_um)


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


def _read_points(text: str) -> Surface:
    points = [_numbers(part, 3, 3) for part in text.split(";") if part.strip()]
    if len(points) < 3:
        raise ValueError(f"{len(points)} point(s) given, three or more are needed")
    return Points(tuple((z, y, x) for z, y, x in points))


_READERS: dict[str, Callable[[str], Surface]] = {
    "uniform": _read_uniform,
    "tilt": _read_tilt,
    "cylinder": _read_cylinder,
    "sine": _read_sine,
    "points": _read_points,
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


def _grid(
    shape: tuple[int, int], pixel_size_um: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = (pixel_size_um * (np.arange(n, dtype=np.float64) - (n - 1) / 2) for n in shape)
    return y[:, None], x[None, :]


def _along(shape: tuple[int, int], pixel_size_um: float, angle_deg: float) -> NDArray[np.float64]:
    y, x = _grid(shape, pixel_size_um)
    angle = np.deg2rad(angle_deg)
    along: NDArray[np.float64] = x * np.cos(angle) + y * np.sin(angle)
    return along


def _float32(values: NDArray[np.floating]) -> Dpm:
    return np.ascontiguousarray(values, np.float32)


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in shape)
