"""Planes and surfaces read from a refocused volume by linear interpolation along z."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.cuts import SectionAxis
from deepz_live.refocus.errors import RefocusError

TOLERANCE_UM = 1e-4
"""Distances this close to the edge of the range, or to a plane, count as lying on it."""


def check_range(
    distances_um: Sequence[float] | NDArray[np.floating], z_planes_um: Sequence[float]
) -> None:
    """Refuse distances outside ``z_planes_um[0] … z_planes_um[-1]`` (µm, ascending).

    Raises
    ------
    RefocusError
        Naming the offending value and the range.
    """
    values = np.asarray(distances_um, np.float64)
    if values.size == 0:
        return
    low, high = float(z_planes_um[0]), float(z_planes_um[-1])
    if not np.isfinite(values).all():
        raise RefocusError("A refocus distance is not a number; give distances in µm.")
    for value in (float(values.min()), float(values.max())):
        if not low - TOLERANCE_UM <= value <= high + TOLERANCE_UM:
            raise RefocusError(
                f"Refocusing to {value:+.4g} µm is outside the range {low:+.4g} … {high:+.4g} µm "
                "of this model; ask for a distance within it or use a model trained wider."
            )


def planes_at(
    volume: NDArray[np.float32], z_planes_um: Sequence[float], distances_um: Sequence[float]
) -> NDArray[np.float32]:
    """Planes ``(P, Y, X)`` float32 at ``distances_um`` of a volume ``(Z, Y, X)``.

    Linear between neighbouring planes and exact on the grid ``z_planes_um`` (µm, ascending).

    Raises
    ------
    RefocusError
        A distance outside the grid.
    """
    check_range(distances_um, z_planes_um)
    out = np.empty((len(distances_um), *volume.shape[1:]), np.float32)
    for plane, distance in zip(out, distances_um, strict=True):
        low, weight = position(np.float64(distance), z_planes_um)
        if weight == 0:
            plane[...] = volume[int(low)]
        else:
            np.multiply(volume[int(low)], np.float32(1 - weight), out=plane)
            plane += volume[int(low) + 1] * np.float32(weight)
    return out


def section_at(
    section: NDArray[np.float32],
    axis: SectionAxis,
    z_planes_um: Sequence[float],
    distances_um: Sequence[float],
) -> NDArray[np.float32]:
    """An upright section at other distances than its own ``z_planes_um``.

    ``section`` is ``(Z, X)`` for ``"xz"``, ``(Y, Z)`` for ``"yz"``; so is what is returned.
    Sections of models with other planes lie over one another only so.

    Raises
    ------
    RefocusError
        A distance outside the section's own.
    """
    if tuple(distances_um) == tuple(z_planes_um):
        return section
    upright = section if axis == "xz" else section.T
    made = planes_at(upright[:, None], z_planes_um, distances_um)[:, 0]
    return made if axis == "xz" else made.T


def surface_from(
    volume: NDArray[np.float32], z_planes_um: Sequence[float], dpm: NDArray[np.floating]
) -> NDArray[np.float32]:
    """The surface ``(Y, X)`` float32 of a volume ``(Z, Y, X)`` along ``dpm`` ``(Y, X)`` in µm.

    Raises
    ------
    RefocusError
        The DPM leaves the range of the volume, or is not the image's size.
    """
    if dpm.shape != volume.shape[1:]:
        raise RefocusError(
            f"The surface has {dpm.shape} distances, but the image has {volume.shape[1:]} "
            "pixels; give one distance for each pixel."
        )
    check_range(dpm, z_planes_um)
    low, weight = position(dpm.astype(np.float64), z_planes_um)
    below = np.take_along_axis(volume, low[None], axis=0)[0]
    above = np.take_along_axis(volume, np.minimum(low + 1, len(volume) - 1)[None], axis=0)[0]
    # Written as a weighted sum, so that weight 0 and 1 return the planes bit by bit.
    w = weight.astype(np.float32)
    result: NDArray[np.float32] = below * (1 - w) + above * w
    return result


def position(
    distances: NDArray[np.float64] | np.float64, z_planes_um: Sequence[float]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Index of the plane below and weight of the plane above, snapped to planes very near."""
    grid = np.asarray(z_planes_um, np.float64)
    where = np.interp(distances, grid, np.arange(len(grid)))
    nearest = np.rint(where)
    on_plane = np.abs(grid[nearest.astype(np.intp)] - distances) <= TOLERANCE_UM
    where = np.where(on_plane, nearest, where)
    low = np.clip(np.floor(where).astype(np.intp), 0, max(len(grid) - 2, 0))
    return low, where - low
