"""How far one refocused volume is shifted against another, in z, y and x.

Lateral first, then axial, then lateral again:

1. phase correlation of the depth projections gives (y, x);
2. with the planes on top of each other, planes near focus in one volume are compared with the
   planes of the other, and the other way round. What is near focus was measured, or nearly so; a
   network is trained to make another frame's plane like it. Two planes that are both far from
   focus hold what was inferred twice, in thick samples at depths that are stretched: all pairs
   together found a worm's movement a fifth too large. The normalised correlation is taken over
   the pairs that both volumes hold, so that a volume of limited depth does not pull the result
   towards zero;
3. the projections of just the common planes give (y, x) again.

Peaks are found below the pixel and the plane by a parabola.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from deepz_live.image.parabola import vertex_offset

Volume = NDArray[np.float32]

AXIAL_RANGE_UM = 8.0
LATERAL_RANGE_UM = 15.0
DETAIL_UM = 6.0
"""Structure wider than this is haze and is taken out before anything is compared."""

NEAR_FOCUS_UM = 2.0
"""So far from its frame's focal plane a plane counts half: about the depth of field."""

_ONE_THREAD = 200_000
"""Multiplications up to which OpenBLAS (from 262144 on) does not use several threads."""

MIN_PLANES = 6
"""Axial shifts that leave fewer common planes are not considered."""


@dataclass(frozen=True, slots=True)
class Offset:
    """By how much the second volume's content is moved against the first's.

    ``dz_um`` up, ``dy_um`` down the image, ``dx_um`` to the right; ``confidence`` 0 … 1.
    """

    dz_um: float
    dy_um: float
    dx_um: float
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A volume made ready to be compared, by :func:`prepare`.

    ``planes`` ``(Z, Y, X)`` are binned once, and ``projection`` ``(Y, X)`` is their maximum without
    haze, for the lateral shift. ``details`` ``(Z, Y, X)`` are binned by ``coarse`` more, without
    haze, for the axial shift.
    """

    planes: Volume
    projection: NDArray[np.float32]
    details: Volume
    coarse: int
    z_um: NDArray[np.float64]
    pixel_um: float


def prepare(volume: Volume, z_planes_um: Sequence[float], pixel_size_um: float) -> Prepared:
    """Bin ``volume`` ``(Z, Y, X)`` laterally to about 0.65 µm, and for the depths to 1.3 µm.

    ``z_planes_um`` must be evenly spaced and ascending.
    """
    factor = binning(volume.shape[1:], pixel_size_um)
    return prepare_binned(binned(volume, factor), z_planes_um, pixel_size_um * factor)


def binning(shape: tuple[int, ...], pixel_size_um: float) -> int:
    """By how many pixels ``(Y, X)`` images are binned before they are compared."""
    return max(1, min(round(0.65 / pixel_size_um), min(shape) // 16))


def prepare_binned(planes: Volume, z_planes_um: Sequence[float], pixel_um: float) -> Prepared:
    """As :func:`prepare`, of planes ``(Z, Y, X)`` that are binned already and are kept."""
    z_um = np.asarray(z_planes_um, np.float64)
    coarse = max(1, min(round(1.3 / pixel_um), min(planes.shape[1:]) // 32))
    details = _without_haze(binned(planes, coarse), pixel_um * coarse)
    projection = _projection(planes, pixel_um)
    return Prepared(planes, projection, details, coarse, z_um, pixel_um)


def binned(volume: Volume, factor: int) -> Volume:
    """Sums over ``factor`` × ``factor`` pixels of planes ``(Z, Y, X)``; always a copy."""
    height, width = (n // factor * factor for n in volume.shape[1:])
    cut = volume[:, :height, :width]
    if factor == 1:
        return np.array(cut, np.float32)
    # Rows first: whole rows are added fast, and half of the slow steps over columns is left.
    rows = cut[:, ::factor].astype(np.float32)
    for y in range(1, factor):
        rows += cut[:, y::factor]
    out: Volume = rows[:, :, ::factor] + rows[:, :, 1::factor]
    for x in range(2, factor):
        out += rows[:, :, x::factor]
    return out


def register(
    reference: Prepared,
    moved: Prepared,
    *,
    axial_range_um: float = AXIAL_RANGE_UM,
    lateral_range_um: float = LATERAL_RANGE_UM,
) -> Offset:
    """The offset of ``moved`` against ``reference``, found within the given ranges (µm).

    Raises
    ------
    ValueError
        The volumes differ in shape, or their planes are not evenly spaced.
    """
    if reference.planes.shape != moved.planes.shape:
        raise ValueError(
            f"Volumes of shape {reference.planes.shape} and {moved.planes.shape} cannot be "
            "compared; give two of the same size."
        )
    step = _even_step(reference.z_um)
    pixel_um, reach = reference.pixel_um, axial_range_um / step
    limit = lateral_range_um / pixel_um
    shift, ratio = shift_2d(reference.projection, moved.projection, limit)
    axial, peak = _axial(reference, moved, shift, reach)
    if round(axial):  # else the common planes are all of them, and nothing would change
        first, second = (
            _projection(planes, pixel_um)
            for planes in _common(reference.planes, moved.planes, round(axial))
        )
        shift, ratio = shift_2d(first, second, limit)
        axial, peak = _axial(reference, moved, shift, reach)
    return Offset(
        dz_um=axial * step,
        dy_um=shift[0] * reference.pixel_um,
        dx_um=shift[1] * reference.pixel_um,
        confidence=float(np.clip(min(peak, ratio), 0.0, 1.0)),
    )


def shift_2d(
    first: NDArray[np.float32], second: NDArray[np.float32], limit_px: float
) -> tuple[tuple[float, float], float]:
    """Shift ``(y, x)`` in pixels of ``second`` against ``first``, by phase correlation.

    Returned with it: how much the highest peak stands above the next one, 0 … 1. Kuglin and
    Hines 1975; the spectrum is whitened half way (square root), which keeps sparse spots and
    dense tissue alike from being ruled by noise or by the coarsest structure.
    """
    window = _window(first.shape)
    a = fft.rfft2((first - first.mean()) * window)
    b = fft.rfft2((second - second.mean()) * window)
    cross = b * np.conj(a)
    strength = np.abs(cross)
    cross /= np.sqrt(strength) + 1e-6 * np.sqrt(strength.max() + 1e-30)
    surface = fft.irfft2(cross, s=first.shape)
    ry, rx = (min(int(np.ceil(limit_px)), n // 2 - 1) for n in first.shape)
    near = np.roll(surface, (ry, rx), axis=(0, 1))[: 2 * ry + 1, : 2 * rx + 1]
    y, x = np.unravel_index(int(near.argmax()), near.shape)
    peak = float(near[y, x])
    if peak <= 0:
        return (0.0, 0.0), 0.0
    dy = float(y) - ry + vertex_offset(near[:, x], int(y))
    dx = float(x) - rx + vertex_offset(near[y, :], int(x))
    others = near.copy()
    others[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5] = 0
    return (dy, dx), 1.0 - float(others.max()) / peak


def _axial(
    first: Prepared, second: Prepared, shift_px: tuple[float, float], limit: float
) -> tuple[float, float]:
    """Axial shift in planes, and the normalised correlation there."""
    a, b = first.details, second.details
    for axis, pixels in zip((1, 2), shift_px, strict=True):
        a, b = _overlap(a, b, pixels / first.coarse, axis)
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    planes = len(a)
    alike = products(a.reshape(planes, -1), b.reshape(planes, -1))
    power_a = np.einsum("zyx,zyx->z", a, a)
    power_b = np.einsum("zyx,zyx->z", b, b)
    reach = min(int(limit), planes - min(MIN_PLANES, planes))
    shifts = range(-reach, reach + 1)
    near = _near_focus(first.z_um)
    curve = np.array([_ncc(alike, power_a, power_b, near, shift) for shift in shifts])
    best = int(curve.argmax())
    return best - reach + vertex_offset(curve, best), float(curve[best])


def products(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """``a @ b.T`` of ``(Z, N)`` float32, in pieces too small to be shared out among threads.

    The network has the cores: threads that wait for each other between its own made this product
    many times slower than one thread.
    """
    planes, length = a.shape
    size = max(1, _ONE_THREAD // planes**2)
    whole = length // size * size
    pieces = (one[:, :whole].reshape(planes, -1, size).transpose(1, 0, 2) for one in (a, b))
    first, second = pieces
    out: NDArray[np.float32] = np.matmul(first, second.transpose(0, 2, 1)).sum(axis=0)
    if whole < length:
        out += a[:, whole:] @ b[:, whole:].T
    return out


def _near_focus(z_um: NDArray[np.float64]) -> NDArray[np.float32]:
    """``(Z,)`` how much planes count as near focus: 1 at the frame's own, falling as a Gaussian.

    The frame's own plane is at 0, or as near to it as the grid comes. A sharp end instead of the
    Gaussian would make the correlation fall faster on one side of its peak than on the other.
    """
    away_um = np.abs(z_um - z_um[int(np.argmin(np.abs(z_um)))])
    return np.asarray(0.5 ** ((away_um / NEAR_FOCUS_UM) ** 2), np.float32)


def _ncc(
    products: NDArray[np.float32],
    power_a: NDArray[np.float32],
    power_b: NDArray[np.float32],
    near: NDArray[np.float32],
    shift: int,
) -> float:
    """Of pairs of planes ``shift`` apart: those near focus in the first volume, and in the second.

    The two kinds count alike, each by its own norm: far planes of one volume may be fainter than
    those of the other, which in a common norm would favour shifts at which both kinds meet.
    """
    planes = len(power_a)
    a = slice(max(0, -shift), planes - max(0, shift))
    b = slice(max(0, shift), planes - max(0, -shift))
    found = np.diagonal(products, offset=shift)
    kinds = [_weighted(found, power_a[a], power_b[b], weights) for weights in (near[a], near[b])]
    return sum(kinds) / len(kinds)


def _weighted(
    found: NDArray[np.float32],
    power_a: NDArray[np.float32],
    power_b: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> float:
    norm = float(np.sqrt(float(weights @ power_a) * float(weights @ power_b)))
    return float(weights @ found) / norm if norm > 0 else 0.0


def _common(first: Volume, second: Volume, shift: int) -> tuple[Volume, Volume]:
    planes = len(first)
    shift = int(np.clip(shift, 1 - planes, planes - 1))
    return (
        first[max(0, -shift) : planes - max(0, shift)],
        second[max(0, shift) : planes - max(0, -shift)],
    )


def _overlap(first: Volume, second: Volume, shift: float, axis: int) -> tuple[Volume, Volume]:
    """What both show along ``axis``, ``second`` interpolated linearly onto ``first``'s pixels."""
    length = first.shape[axis]
    whole = int(np.floor(shift))
    part = np.float32(shift - whole)
    start, stop = max(0, -whole), min(length, length - 1 - whole)
    below = _cut(second, start + whole, stop + whole, axis)
    above = _cut(second, start + whole + 1, stop + whole + 1, axis)
    return _cut(first, start, stop, axis), below * (1 - part) + above * part


def _cut(planes: Volume, start: int, stop: int, axis: int) -> Volume:
    cut: Volume = planes[(slice(None),) * axis + (slice(start, stop),)]
    return cut


def _projection(planes: Volume, pixel_um: float) -> NDArray[np.float32]:
    projection: NDArray[np.float32] = _without_haze(planes.max(axis=0, keepdims=True), pixel_um)[0]
    return projection


def _without_haze(planes: Volume, pixel_um: float) -> Volume:
    size = max(3, 2 * round(DETAIL_UM / pixel_um / 2) + 1)
    haze = ndimage.uniform_filter(planes, size=(0, size, size), mode="nearest")
    details: Volume = planes - haze
    return details


def _window(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Falls to zero over the outer eighth of each side, so that edges do not correlate."""
    y, x = (_taper(n) for n in shape)
    return y[:, None] * x[None, :]


def _taper(length: int) -> NDArray[np.float32]:
    edge = max(length // 8, 1)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    taper = np.ones(length, np.float32)
    taper[:edge] = ramp
    taper[length - edge :] = ramp[::-1]
    return taper


def _even_step(z_um: NDArray[np.float64]) -> float:
    steps = np.diff(z_um)
    if len(steps) == 0:
        return 1.0
    if steps.min() <= 0 or np.ptp(steps) > 0.01 * steps.mean():
        raise ValueError(
            "Planes that are not evenly spaced cannot be registered; give an even, rising z grid."
        )
    return float(steps.mean())
