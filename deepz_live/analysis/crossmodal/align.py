"""Registration of two stacks of the same sample, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.crossmodal.alignment import Alignment
from deepz_live.analysis.crossmodal.axial import check_planes, compare_planes, focus_curve
from deepz_live.analysis.crossmodal.errors import CrossmodalError
from deepz_live.analysis.crossmodal.lateral import Lateral, register_pictures
from deepz_live.analysis.crossmodal.regions import REGION_PX, Region, left_over
from deepz_live.analysis.crossmodal.views import (
    Matrix,
    View,
    moved,
    view,
    warped,
    working_scale,
)

REGION_REACH_PX = 4.0
SMALLEST_PX = 32
MOST_UNLIKE = 8.0
"""Ratio of pixel sizes or z steps above which two stacks cannot show the same detail."""
LEAST_SCORE = 0.2
"""Aligned stacks whose detail correlates less have nothing in common."""


def align_stacks(
    moving: NDArray[np.generic],
    fixed: NDArray[np.generic],
    *,
    moving_step_um: float,
    fixed_step_um: float,
    moving_pixel_um: float,
    fixed_pixel_um: float,
    axial: Literal["planes", "focus"] = "planes",
) -> Alignment:
    """How ``moving`` (the target modality, confocal) lies against ``fixed`` (wide-field).

    Laterally by features and RANSAC on what is sharp in each stack, then region by region; in z
    by the peak of a curve (paper, "Cross-modality alignment").

    Parameters
    ----------
    moving, fixed
        ``(Z, Y, X)``, any real dtype; planes evenly spaced, both going up. Sizes may differ.
    moving_step_um, fixed_step_um, moving_pixel_um, fixed_pixel_um
        Sampling, µm.
    axial
        "planes": heights are matched by comparing the planes of the two stacks directly;
        "focus": by each stack's own SSIM focus curve, as in the paper.

    Raises
    ------
    CrossmodalError
        The stacks cannot be compared, cannot be found in each other, or share no heights.
    """
    _check("target", moving, moving_step_um, moving_pixel_um)
    _check("input", fixed, fixed_step_um, fixed_pixel_um)
    _check_sampling("pixels", moving_pixel_um, fixed_pixel_um)
    _check_sampling("z steps", moving_step_um, fixed_step_um)
    check_planes(len(fixed), len(moving), fixed_step_um, moving_step_um)
    scale = working_scale(fixed.shape)
    here = view(fixed, scale)
    there = view(moving, scale * moving_pixel_um / fixed_pixel_um)
    lateral = register_pictures(here.picture, there.picture)
    seen = np.stack([warped(p, lateral.matrix, here.picture.shape) for p in there.detail])
    likeness = compare_planes(here.detail, seen, fixed_step_um, moving_step_um)
    score = float(likeness.value.max())
    if score < LEAST_SCORE:
        raise CrossmodalError(
            f"Once aligned, the two stacks correlate by only {score:.2f} ({LEAST_SCORE:g} "
            "wanted): they do not seem to show the same sample; check the pair of files."
        )
    curve, z_shift_um = likeness, likeness.peak_um
    if axial == "focus":
        curve = focus_curve(seen, moving_step_um)
        z_shift_um = curve.peak_um - focus_curve(here.detail, fixed_step_um).peak_um
    matrix = np.linalg.inv(there.matrix) @ lateral.matrix @ here.matrix
    return Alignment(
        matrix=matrix / matrix[2, 2],
        shift_px=_shift(lateral.matrix, here),
        z_shift_um=z_shift_um,
        score=score,
        curve=curve,
        regions=_fine(here, there, lateral, scale),
        way=lateral.way,
        model=lateral.model,
        matches=lateral.matches,
        agreeing=lateral.agreeing,
        moving_step_um=moving_step_um,
        fixed_step_um=fixed_step_um,
    )


def _fine(here: View, there: View, lateral: Lateral, scale: float) -> tuple[Region, ...]:
    """Displacements of regions of the paper's size, in fixed pixels."""
    side = max(SMALLEST_PX, round(REGION_PX * scale))
    found = left_over(here.picture, there.picture, lateral.matrix, side, REGION_REACH_PX)
    back = np.asarray(np.linalg.inv(here.matrix), np.float64)
    regions = []
    for region in found:
        y, x = moved(back, np.array([region.y_px, region.x_px]))
        regions.append(
            replace(
                region,
                y_px=float(y),
                x_px=float(x),
                dy_px=region.dy_px / scale,
                dx_px=region.dx_px / scale,
            )
        )
    return tuple(regions)


def _shift(matrix: Matrix, here: View) -> tuple[float, float]:
    centre = np.array([(n - 1) / 2 for n in here.picture.shape])
    y, x = (moved(matrix, centre) - centre) / here.matrix[0, 0]
    return float(y), float(x)


def _check(name: str, stack: NDArray[np.generic], step_um: float, pixel_um: float) -> None:
    if stack.ndim != 3 or min(stack.shape[1:]) < SMALLEST_PX:
        raise CrossmodalError(
            f"The {name} stack has shape {stack.shape}; (Z, Y, X) with at least {SMALLEST_PX} "
            "pixels a side is wanted."
        )
    if not np.isfinite(stack).all():
        raise CrossmodalError(f"The {name} stack holds NaN or infinite values; replace them.")
    if not (np.isfinite([step_um, pixel_um]).all() and min(step_um, pixel_um) > 0):
        raise CrossmodalError(
            f"The {name} stack has pixels of {pixel_um:g} µm and z steps of {step_um:g} µm; "
            "positive numbers of µm are wanted."
        )
    if np.ptp(stack) == 0:
        raise CrossmodalError(
            f"The {name} stack is flat: every voxel is {stack.flat[0]}; check that the right "
            "channel was chosen."
        )


def _check_sampling(what: str, moving_um: float, fixed_um: float) -> None:
    if max(moving_um / fixed_um, fixed_um / moving_um) > MOST_UNLIKE:
        raise CrossmodalError(
            f"The target has {what} of {moving_um:g} µm and the input of {fixed_um:g} µm; they may "
            f"differ by a factor of {MOST_UNLIKE:g} at most: check the sampling that the files "
            "state, or bin the finer one."
        )
