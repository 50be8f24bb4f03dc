"""Which height of one stack is which height of another.

Two ways, both with a parabola through the four best points of a curve, as the paper has it:

``planes``
    The planes of the two stacks are compared directly, for every axial shift: normalised
    correlation of the detail of all planes that both stacks then hold.
``focus``
    The paper's way: each stack has a zero point of its own, where its planes are most like its
    extended depth of field in SSIM. It needs no other stack, but the two modalities weigh the
    depths of a thick sample differently and haze moves the SSIM, so it is a second opinion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from deepz_live.analysis.crossmodal.errors import CrossmodalError
from deepz_live.analysis.crossmodal.views import Planes
from deepz_live.image.focus import extended_depth_of_field

BEST_POINTS = 4
FEWEST_PLANES = 6
"""Shifts that leave fewer common planes, or a third of the shorter stack, do not count."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A curve over z with one peak.

    Attributes
    ----------
    z_um
        ``(N,)`` float64: axial shifts of the moving stack against the fixed one, or heights
        above plane 0 of the one stack whose focus it is.
    value
        ``(N,)`` float64: correlation or SSIM.
    peak_um
        Top of the parabola through the four best points.
    """

    z_um: NDArray[np.float64]
    value: NDArray[np.float64]
    peak_um: float


def check_planes(fixed: int, moving: int, fixed_step_um: float, step_um: float) -> None:
    """Raise :class:`CrossmodalError` where stacks of so many planes are too thin to compare."""
    depth_um = min((fixed - 1) * fixed_step_um, (moving - 1) * step_um)
    least_um = (FEWEST_PLANES - 1) * fixed_step_um
    if depth_um < least_um * (1 - 1e-6) or moving < BEST_POINTS:
        raise CrossmodalError(
            f"The input has {fixed} planes of {fixed_step_um:g} µm and the target {moving} of "
            f"{step_um:g} µm; both must reach over {least_um:g} µm at least, the target in "
            f"{BEST_POINTS} planes or more, for their heights to be compared."
        )


def compare_planes(fixed: Planes, moving: Planes, fixed_step_um: float, step_um: float) -> Curve:
    """Likeness of two stacks over their axial shift.

    Parameters
    ----------
    fixed, moving
        Detail ``(Z, Y, X)`` on the same pixels, with their z steps in µm. Plane 0 of each is at
        z = 0.

    Returns
    -------
    Curve of normalised correlation; at the shift ``s`` the content at ``z`` of the fixed stack
    is at ``z + s`` of the moving one.

    Raises
    ------
    CrossmodalError
        No peak within the shifts that leave common planes.
    """
    moving = _on_step(moving, step_um, fixed_step_um)
    least = max(FEWEST_PLANES, min(len(fixed), len(moving)) // 3)
    products, power, other = _products(fixed, moving)
    shifts = np.arange(least - len(fixed), len(moving) - least + 1)
    value = np.array([_likeness(products, power, other, int(shift)) for shift in shifts])
    z_um = np.asarray(shifts * fixed_step_um, np.float64)
    return _curve(z_um, value, "the planes of the two stacks are compared")


def focus_curve(detail: Planes, step_um: float) -> Curve:
    """SSIM of each plane of ``detail`` ``(Z, Y, X)`` with their extended depth of field (paper).

    Raises
    ------
    CrossmodalError
        Too few planes, or the sharpest are not inside the stack.
    """
    if len(detail) < FEWEST_PLANES:
        raise CrossmodalError(
            f"The stack holds {len(detail)} planes; at least {FEWEST_PLANES} are needed for a "
            "focus curve."
        )
    fused = extended_depth_of_field(detail)
    low, high = np.quantile(fused, (0.01, 0.999))
    value = [
        structural_similarity(
            plane,
            fused,
            data_range=max(float(high - low), 1e-12),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for plane in detail
    ]
    z_um = np.asarray(np.arange(len(detail)) * step_um, np.float64)
    return _curve(z_um, np.array(value), "the focus is looked for")


def _curve(z_um: NDArray[np.float64], value: NDArray[np.float64], when: str) -> Curve:
    best = np.sort(np.argsort(value)[-BEST_POINTS:])
    top = int(np.argmax(value))
    bend, slope, _ = np.polyfit(best - top, value[best], 2)
    at = -slope / (2 * bend) if bend < 0 else np.inf
    inside = 0 < top < len(value) - 1 and np.ptp(best) < BEST_POINTS + 1 and abs(at) <= BEST_POINTS
    if not inside:
        raise CrossmodalError(
            f"The curve over {z_um[0]:.1f} … {z_um[-1]:.1f} µm has no peak when {when}: its "
            f"highest value, {value[top]:.2f}, is at {z_um[top]:.1f} µm; give stacks that reach "
            "beyond the sample on both sides and overlap in z."
        )
    step = float(z_um[1] - z_um[0])
    return Curve(z_um, value, float(z_um[top]) + float(at) * step)


def _on_step(planes: Planes, step_um: float, wanted_um: float) -> Planes:
    """``planes`` interpolated linearly at every ``wanted_um`` from plane 0 on."""
    if abs(step_um / wanted_um - 1) < 1e-6:
        return planes
    count = int(np.floor((len(planes) - 1) * step_um / wanted_um + 1e-6)) + 1
    place = np.arange(count) * (wanted_um / step_um)
    below = np.minimum(place.astype(int), len(planes) - 1)
    above = np.minimum(below + 1, len(planes) - 1)
    part = (place - below).astype(np.float32)[:, None, None]
    return np.asarray(planes[below] * (1 - part) + planes[above] * part, np.float32)


def _products(
    fixed: Planes, moving: Planes
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Products of all pairs of planes, and the power of each plane."""
    a, b = fixed.reshape(len(fixed), -1), moving.reshape(len(moving), -1)
    return a @ b.T, np.einsum("zi,zi->z", a, a), np.einsum("zi,zi->z", b, b)


def _likeness(
    products: NDArray[np.float32],
    power: NDArray[np.float64],
    other: NDArray[np.float64],
    shift: int,
) -> float:
    planes = np.arange(max(0, -shift), min(len(power), len(other) - shift))
    norm = float(np.sqrt(float(power[planes].sum()) * float(other[planes + shift].sum())))
    return float(products[planes, planes + shift].sum()) / norm if norm > 0 else 0.0
