"""Where beads are in a stack, in space; and how many of them are really there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.feature import peak_local_max

from deepz_live.analysis.neurons.matching import match
from deepz_live.image.parabola import vertex_offset

APART_UM = 1.0
"""Two beads nearer than this, seen from above, are taken for one."""
LATERAL_UM, AXIAL_UM = 1.0, 2.0
"""Half axes of the ellipsoid around a bead in which a place found counts as that bead's."""

Floats = NDArray[np.float64]


def bead_places(
    planes: NDArray[np.floating], z_um: NDArray[np.floating], threshold: float, pixel_um: float
) -> Floats:
    """``(N, 3)`` (z, y, x) in µm of the peaks above ``threshold`` of the maximum along z.

    Parameters
    ----------
    planes
        ``(Z, Y, X)``, evenly spaced in z.
    z_um
        ``(Z,)`` heights of the planes. A height is the vertex of a parabola through the brightest
        plane and its neighbours, summed over 3 x 3 pixels.
    """
    peaks = peak_local_max(
        planes.max(axis=0),
        min_distance=max(round(APART_UM / pixel_um), 1),
        threshold_abs=threshold,
        exclude_border=1,
    )
    step_um = float(z_um[1] - z_um[0])
    places = []
    for y, x in peaks:
        profile = planes[:, y - 1 : y + 2, x - 1 : x + 2].sum(axis=(1, 2), dtype=np.float64)
        top = int(np.argmax(profile))
        places.append(
            (float(z_um[top]) + vertex_offset(profile, top) * step_um, y * pixel_um, x * pixel_um)
        )
    return np.array(places, dtype=np.float64).reshape(-1, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Places found, against those that are known; ``(z, y, x)`` in µm.

    Attributes
    ----------
    found, known
        ``(N, 3)`` and ``(M, 3)``, those inside.
    right, seen
        ``(N,)`` and ``(M,)`` bool: found places that are a bead's, beads that were found.
    error_um
        ``(K, 3)`` found minus known, of the beads that were found, in their order.
    """

    found: Floats
    known: Floats
    right: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    error_um: Floats


def against_truth(found: Floats, known: Floats, low_um: Floats, high_um: Floats) -> Found:
    """Which of ``found`` ``(N, 3)`` are which of ``known`` ``(M, 3)``, one to one.

    Only places with ``low <= (y, x) < high`` count; their partners may lie outside.
    """
    scale = np.array([AXIAL_UM, LATERAL_UM, LATERAL_UM])
    pairs = match(found / scale, known / scale, 1.0)
    right, seen = np.zeros(len(found), bool), np.zeros(len(known), bool)
    right[pairs.found], seen[pairs.known] = True, True
    a, b = _inside(found, low_um, high_um), _inside(known, low_um, high_um)
    order = np.argsort(pairs.known)
    one, other = pairs.found[order], pairs.known[order]
    error = (found[one] - known[other])[b[other]]
    return Found(found[a], known[b], right[a], seen[b], error)


def _inside(places: Floats, low_um: Floats, high_um: Floats) -> NDArray[np.bool_]:
    plane = places[:, 1:]
    return np.asarray(((plane >= low_um) & (plane < high_um)).all(axis=1))
