"""What the operator asked to see of a refocused volume, and how it is cut out of it."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.dpm import Surface
from deepz_live.refocus.drift import DriftSample
from deepz_live.refocus.planes import check_range
from deepz_live.refocus.stack import Projection, Stack, as_stack
from deepz_live.stream.frame import Frame

Image = NDArray[np.float32]

DIGEST_STRIDE = 4
"""The digest covers every 4th pixel of every plane, before compensation."""


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """Which planes to make of every frame.

    Attributes
    ----------
    distances_um
        Refocus distances of the planes shown side by side.
    free_um
        The depth knob: one plane more; with ``surface`` it is added to the surface's height.
    surface
        Shows the free view along a surface instead of a plane.
    compensate
        Keeps planes and image on the sample as it was at the reference.
    projection
        Projection over all planes of the model.
    """

    distances_um: tuple[float, ...] = (-6.0, -3.0, 0.0, 3.0, 6.0)
    free_um: float = 0.0
    surface: Surface | None = None
    compensate: bool = False
    projection: Projection = "max"


@dataclass(frozen=True, slots=True, eq=False)
class RefocusResult:
    """One frame refocused. Images are float32 camera counts.

    Attributes
    ----------
    frame
        The raw frame, untouched.
    distances_um
        As requested; compensation is what ``drift`` says on top of it.
    planes, free, projection
        ``(P, Y, X)``, ``(Y, X)``, ``(Y, X)``.
    drift
        None where it is not measured.
    warnings
        Sentences for the operator.
    digest
        CRC-32 of the network's volume at every 4th pixel, before compensation.
    latency_s
        From the frame's capture to publication.
    provider
        What the network ran on; another one rounds otherwise.
    """

    frame: Frame
    distances_um: tuple[float, ...]
    planes: Image
    free: Image
    projection: Image
    drift: DriftSample | None
    warnings: tuple[str, ...]
    digest: int
    latency_s: float
    generation: int = 0
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the reference's content lies in this volume: µm along z, pixels along y and x."""

    dz_um: float = 0.0
    dy_px: float = 0.0
    dx_px: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The images cut out of a volume for one request."""

    planes: Image
    free: Image
    projection: Image
    warnings: tuple[str, ...]


def digest(volume: Image | Stack) -> int:
    """CRC-32 of ``volume`` ``(Z, Y, X)`` counts at every 4th pixel."""
    if isinstance(volume, np.ndarray):
        sampled = np.ascontiguousarray(volume[:, ::DIGEST_STRIDE, ::DIGEST_STRIDE])
    else:
        sampled = np.ascontiguousarray(volume.sampled(DIGEST_STRIDE))
    return zlib.crc32(sampled.data)


def check_request(request: ViewRequest, z_planes_um: tuple[float, ...]) -> None:
    """Raise :class:`RefocusError` where a request leaves the model's range (µm)."""
    check_range(request.distances_um, z_planes_um)
    if request.surface is None:
        check_range((request.free_um,), z_planes_um)


def make_view(
    volume: Image | Stack,
    z_planes_um: tuple[float, ...],
    pixel_size_um: float,
    request: ViewRequest,
    shift: Shift,
) -> View:
    """Cut planes, free view and projection out of ``volume`` ``(Z, Y, X)``, shifted back."""
    stack = as_stack(volume, z_planes_um)
    low, high = z_planes_um[0], z_planes_um[-1]
    wanted = np.asarray(request.distances_um, np.float64) + shift.dz_um
    dpm = _free_dpm(stack.shape[1:], pixel_size_um, request) + np.float32(shift.dz_um)
    warnings: list[str] = []
    reached = [*wanted, float(dpm.min()), float(dpm.max())]
    if min(reached) < low or max(reached) > high:
        warnings.append(
            f"Planes from {min(reached):+.1f} to {max(reached):+.1f} µm reach beyond the model's "
            f"{low:+.1f} … {high:+.1f} µm: its last plane is shown there; refocus the stage."
        )
    planes = stack.planes(np.clip(wanted, low, high).tolist())
    if shift.dy_px or shift.dx_px:
        for plane in planes:
            plane[...] = _moved_back(plane, shift)
    if request.surface is None:
        free = stack.planes([float(np.clip(dpm.flat[0], low, high))])[0]
    else:
        free = stack.surface(np.clip(dpm, low, high))
    return View(
        planes=planes,
        free=_moved_back(free, shift),
        projection=_moved_back(stack.projection(request.projection), shift),
        warnings=tuple(warnings),
    )


def _free_dpm(shape: tuple[int, int], pixel_size_um: float, request: ViewRequest) -> Image:
    if request.surface is None:
        return np.full((1, 1), request.free_um, np.float32)
    return request.surface.dpm(shape, pixel_size_um) + np.float32(request.free_um)


def _moved_back(image: Image, shift: Shift) -> Image:
    """``image`` with ``shift`` taken out, linearly; beyond its edges the darkest of it."""
    if shift.dy_px == 0 and shift.dx_px == 0:
        return image
    empty = image[::8, ::8].min()
    return _moved(_moved(image, shift.dy_px, 0, empty), shift.dx_px, 1, empty)


def _moved(image: Image, pixels: float, axis: int, empty: np.float32) -> Image:
    """What lies ``pixels`` further along ``axis``: by slices, several times faster than scipy."""
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
