"""What the operator asked to see of a refocused volume, and how it is cut out of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.cuts import (
    Cut,
    PlaneCut,
    ProjectionCut,
    SectionCut,
    SurfaceCut,
    plane_depths,
)
from deepz_live.refocus.dpms import Dpms
from deepz_live.refocus.drift import DriftSample
from deepz_live.refocus.moved import moved
from deepz_live.refocus.planes import check_range
from deepz_live.refocus.stack import Stack, as_stack
from deepz_live.stream.frame import Frame

Image = NDArray[np.float32]

DIGEST_STRIDE = 4
"""The digest covers every 4th pixel of every plane, before compensation."""


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """What to make of every frame.

    Attributes
    ----------
    cuts
        One image each.
    compensate
        Keeps them on the sample as it was at the reference.
    """

    cuts: tuple[Cut, ...] = ()
    compensate: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RefocusResult:
    """One frame refocused. Images are float32 camera counts.

    Attributes
    ----------
    frame
        The raw frame, untouched.
    cuts, images
        As requested, one image a cut (:mod:`deepz_live.refocus.cuts` says of which shape);
        compensation is what ``drift`` says on top of it.
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
    z_planes_um
        Refocus distances of the model's planes, which sections show one beside the other.
    """

    frame: Frame
    cuts: tuple[Cut, ...]
    images: tuple[Image, ...]
    drift: DriftSample | None
    warnings: tuple[str, ...]
    digest: int
    latency_s: float
    generation: int = 0
    provider: str = ""
    z_planes_um: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the reference's content lies in this volume: µm along z, pixels along y and x."""

    dz_um: float = 0.0
    dy_px: float = 0.0
    dx_px: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The images cut out of a volume for one request, one a cut."""

    images: tuple[Image, ...]
    warnings: tuple[str, ...]


def digest(volume: Image | Stack) -> int:
    """CRC-32 of ``volume`` ``(Z, Y, X)`` counts at every 4th pixel."""
    if isinstance(volume, np.ndarray):
        sampled = np.ascontiguousarray(volume[:, ::DIGEST_STRIDE, ::DIGEST_STRIDE])
    else:
        sampled = np.ascontiguousarray(volume.sampled(DIGEST_STRIDE))
    return zlib.crc32(sampled.data)


def check_request(request: ViewRequest, z_planes_um: tuple[float, ...]) -> None:
    """Raise :class:`RefocusError` where a plane leaves the model's range (µm).

    A surface may leave it in places: its last plane is shown there, with a warning.
    """
    check_range(plane_depths(request.cuts), z_planes_um)


def make_view(
    volume: Image | Stack,
    z_planes_um: tuple[float, ...],
    pixel_size_um: float,
    request: ViewRequest,
    shift: Shift,
    dpms: Dpms | None = None,
) -> View:
    """Cut what is asked for out of ``volume`` ``(Z, Y, X)``, shifted back.

    ``dpms`` remembers the surfaces from frame to frame.
    """
    stack = as_stack(volume, z_planes_um)
    cutter = _Cutter(stack, z_planes_um, pixel_size_um, shift, dpms or Dpms())
    planes = iter(cutter.planes(plane_depths(request.cuts)))
    images = tuple(
        next(planes) if isinstance(cut, PlaneCut) else cutter.image(cut) for cut in request.cuts
    )
    return View(images, cutter.warnings)


class _Cutter:
    """One volume with its shift; remembers how far the cuts reached."""

    def __init__(
        self,
        stack: Stack,
        z_planes_um: tuple[float, ...],
        pixel_size_um: float,
        shift: Shift,
        dpms: Dpms,
    ) -> None:
        self._stack, self._z_planes_um = stack, z_planes_um
        self._pixel_size_um, self._shift, self._dpms = pixel_size_um, shift, dpms
        self._low, self._high = z_planes_um[0], z_planes_um[-1]
        self._reached: list[float] = []

    @property
    def warnings(self) -> tuple[str, ...]:
        if not self._reached:
            return ()
        least, most = min(self._reached), max(self._reached)
        if self._low <= least and most <= self._high:
            return ()
        return (
            f"Planes from {least:+.1f} to {most:+.1f} µm reach beyond the model's "
            f"{self._low:+.1f} … {self._high:+.1f} µm: its last plane is shown there; refocus "
            "the stage.",
        )

    def planes(self, depths_um: tuple[float, ...]) -> Image:
        """``(P, Y, X)``, all in one go."""
        wanted = np.asarray(depths_um, np.float64) + self._shift.dz_um
        self._reached += wanted.tolist()
        planes = self._stack.planes(np.clip(wanted, self._low, self._high).tolist())
        if self._shift.dy_px or self._shift.dx_px:
            for plane in planes:
                plane[...] = _moved_back(plane, self._shift)
        return planes

    def image(self, cut: SurfaceCut | ProjectionCut | SectionCut) -> Image:
        if isinstance(cut, SurfaceCut):
            return self._surface(cut)
        if isinstance(cut, SectionCut):
            return self._section(cut)
        if cut.kind == "depth":
            return self._depth_coded()
        return _moved_back(self._stack.projection(cut.kind), self._shift)

    def _surface(self, cut: SurfaceCut) -> Image:
        dpm = self._dpms.of(cut.surface, self._stack.shape[1:], self._pixel_size_um)
        dpm = dpm + np.float32(cut.offset_um + self._shift.dz_um)
        self._reached += [float(dpm.min()), float(dpm.max())]
        return _moved_back(self._stack.surface(np.clip(dpm, self._low, self._high)), self._shift)

    def _depth_coded(self) -> Image:
        both = self._stack.brightest()
        both[0] = _moved_back(both[0], self._shift)
        # Depths are taken over whole pixels: between a near and a far one lies nothing.
        whole = Shift(0.0, round(self._shift.dy_px), round(self._shift.dx_px))
        both[1] = _moved_back(both[1] - np.float32(self._shift.dz_um), whole)
        return both

    def _section(self, cut: SectionCut) -> Image:
        upright = cut.axis == "xz"
        across, along = (
            (self._shift.dy_px, self._shift.dx_px)
            if upright
            else (self._shift.dx_px, self._shift.dy_px)
        )
        size = self._stack.shape[1 if upright else 2]
        at = min(max(int(np.floor(cut.at_px + across)), 0), size - 1)
        image = self._stack.section(cut.axis, at)
        empty, step_um = image.min(), _step_um(self._z_planes_um)
        depth_axis = 0 if upright else 1
        if step_um:
            image = moved(image, self._shift.dz_um / step_um, depth_axis, empty)
        return moved(image, along, 1 - depth_axis, empty)


def _step_um(z_planes_um: tuple[float, ...]) -> float:
    return (z_planes_um[-1] - z_planes_um[0]) / max(len(z_planes_um) - 1, 1)


def _moved_back(image: Image, shift: Shift) -> Image:
    """``image`` with ``shift`` taken out, linearly; beyond its edges the darkest of it."""
    if shift.dy_px == 0 and shift.dx_px == 0:
        return image
    empty = image[::8, ::8].min()
    return moved(moved(image, shift.dy_px, 0, empty), shift.dx_px, 1, empty)
