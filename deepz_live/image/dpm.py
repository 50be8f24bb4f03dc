"""Surfaces, and the digital propagation matrices (DPM) that refocus a frame onto them.

A DPM is ``(Y, X)`` float32 in µm: target minus input plane, for every pixel of the frame
(paper, "Digital propagation matrix"). Coordinates of a surface start at the centre of the
image: x runs right, y runs down, both in µm. Surfaces given by a formula stand here;
:mod:`~deepz_live.image.points` fits one through points, :mod:`~deepz_live.image.free` is drawn by
hand, :mod:`~deepz_live.image.surface_text` reads and writes all of them as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Dpm = NDArray[np.float32]


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
        y, x = centred_grid(shape, pixel_size_um)
        slope_x, slope_y = np.tan(np.deg2rad([self.x_deg, self.y_deg]))
        return as_dpm(self.z_um + slope_x * x + slope_y * y)


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
        return as_dpm(self.z_um + np.copysign(1.0, self.diameter_mm) * sag)


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
        return as_dpm(self.z_um + self.amplitude_um * np.sin(2 * np.pi * along / self.period_um))


def centred_grid(
    shape: tuple[int, int], pixel_size_um: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """y ``(Y, 1)`` and x ``(1, X)`` of the pixels in µm from the centre of the image."""
    y, x = (pixel_size_um * (np.arange(n, dtype=np.float64) - (n - 1) / 2) for n in shape)
    return y[:, None], x[None, :]


def as_dpm(values: NDArray[np.floating]) -> Dpm:
    """Heights ``(Y, X)`` in µm as a DPM: float32, in C order."""
    return np.ascontiguousarray(values, np.float32)


def _along(shape: tuple[int, int], pixel_size_um: float, angle_deg: float) -> NDArray[np.float64]:
    y, x = centred_grid(shape, pixel_size_um)
    angle = np.deg2rad(angle_deg)
    along: NDArray[np.float64] = x * np.cos(angle) + y * np.sin(angle)
    return along
