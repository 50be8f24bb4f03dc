"""How thick structures are along z: profiles through the brightest places of a stack."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from skimage.feature import peak_local_max

APART_PX = 5
FAINTEST = 0.3
"""Of the brightest place: what is fainter is not measured."""
NEAR_UM = 1.5
"""A structure may appear so much higher or lower in another stack."""


def axial_fwhm(profile: NDArray[np.floating], peak: int, step_um: float) -> float:
    """Full width in µm at half the height between a profile's floor and its value at ``peak``.

    ``profile`` ``(Z,)``; crossings are interpolated linearly. Infinite where the profile does not
    fall to half on one of the sides.
    """
    floor = float(profile.min())
    half = floor + (float(profile[peak]) - floor) / 2
    width = 0.0
    for side in (profile[peak::-1], profile[peak:]):
        below = np.flatnonzero(side < half)
        if not len(below):
            return float("inf")
        k = int(below[0])
        width += k - 1 + float((side[k - 1] - half) / (side[k - 1] - side[k]))
    return width * step_um


def axial_widths(
    truth: NDArray[np.floating],
    others: Mapping[str, NDArray[np.floating]],
    step_um: float,
    most: int = 300,
) -> dict[str, NDArray[np.float64]]:
    """Axial widths at the brightest places of ``truth``, there and in other stacks.

    Parameters
    ----------
    truth, others
        ``(Z, Y, X)`` on the same voxels.
    most
        So many places at most.

    Returns
    -------
    ``(N,)`` µm by name, under ``truth`` those of the truth itself; infinite where a profile has no
    half height on one side. Places whose profile in the truth has none are left out.
    """
    near = max(round(NEAR_UM / step_um), 1)
    places = peak_local_max(
        np.asarray(truth, np.float32),
        min_distance=APART_PX,
        threshold_abs=FAINTEST * float(truth.max()),
        exclude_border=(near + 1, 1, 1),
        num_peaks=most,
    )
    found: dict[str, list[float]] = {name: [] for name in ("truth", *others)}
    for z, y, x in places:
        width = axial_fwhm(truth[:, y, x], int(z), step_um)
        if not np.isfinite(width):
            continue
        found["truth"].append(width)
        for name, stack in others.items():
            profile = stack[:, y, x]
            low = max(int(z) - near, 0)
            peak = low + int(np.argmax(profile[low : z + near + 1]))
            found[name].append(axial_fwhm(profile, peak, step_um))
    return {name: np.array(widths, dtype=np.float64) for name, widths in found.items()}
