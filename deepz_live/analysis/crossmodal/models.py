"""Projective transforms through pairs of points, as rich as the points can pay for."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import ransac
from skimage.transform import AffineTransform, EuclideanTransform, ProjectiveTransform

from deepz_live.analysis.crossmodal.views import Matrix, moved

Points = NDArray[np.float64]

LARGEST_STRETCH = 1.25
"""Beyond the ratio of the pixel sizes; a transform that stretches more is taken for a mistake."""
LARGEST_BEND = 0.1
"""Share of the field's side by which the projective part may move a corner."""
SHARED = 2.0
"""So many points tell the same: tiles overlap, and a corner is a feature on several scales."""
TRIALS = 4000
REFITS = 4
"""Fits to all agreeing pairs, each of which may bring in more pairs than four noisy ones did."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A transform through points: ``matrix``, its name, and which points agree with it."""

    matrix: Matrix
    name: str
    inliers: NDArray[np.bool_]


def consensus(
    fixed: Points, moving: Points, shape: tuple[int, ...], tolerance_px: float
) -> Model | None:
    """The projective transform that most of the point pairs agree with (RANSAC).

    Parameters
    ----------
    fixed, moving
        ``(N, 2)`` (y, x) of the same places in two images.
    shape
        ``(Y, X)`` of the fixed image: how far the transform has to hold.
    tolerance_px
        Distance at which a pair still agrees.

    Returns
    -------
    None where no four pairs make a believable transform.
    """
    if len(fixed) < 4:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "no inliers": None says it
        model, inliers = ransac(
            (fixed[:, ::-1], moving[:, ::-1]),
            ProjectiveTransform,
            min_samples=4,
            residual_threshold=tolerance_px,
            max_trials=TRIALS,
            stop_probability=0.9999,
            is_model_valid=lambda model, *_: believable(model.params, shape),
            rng=0,
        )
    if model is None or inliers is None or inliers.sum() < 4:
        return None
    for _ in range(REFITS):
        matrix, name = richest(fixed[inliers], moving[inliers], shape)
        again = np.hypot(*(moved(matrix, fixed.T) - moving.T)) < tolerance_px
        if again.sum() < inliers.sum():
            break
        inliers = again
    return Model(matrix, name, np.asarray(inliers))


def richest(fixed: Points, moving: Points, shape: tuple[int, ...]) -> tuple[Matrix, str]:
    """Least-squares transform ``fixed`` to ``moving``: shift, rigid, affine or projective.

    Few or crowded points fix a shift but would make a projective transform run wild away from
    them, so the kind is chosen by the Bayesian information criterion (Schwarz 1978).
    """
    best = (_shift(fixed, moving), "shift")
    lowest = _criterion(fixed, moving, best[0], 2)
    kinds = (
        ("rigid", EuclideanTransform, 3),
        ("affine", AffineTransform, 6),
        ("projective", ProjectiveTransform, 8),
    )
    for name, kind, freedom in kinds:
        if len(fixed) <= freedom:
            break
        model = kind.from_estimate(fixed[:, ::-1], moving[:, ::-1])
        if not model or not believable(model.params, shape):
            continue
        criterion = _criterion(fixed, moving, model.params, freedom)
        if criterion < lowest:
            lowest, best = criterion, (np.asarray(model.params), name)
    return best


def believable(matrix: Matrix, shape: tuple[int, ...]) -> bool:
    """Whether a transform between images of equal pixels could come from two microscopes."""
    if not np.isfinite(matrix).all():
        return False
    stretch = np.linalg.svd(matrix[:2, :2], compute_uv=False)
    if stretch[0] > LARGEST_STRETCH or stretch[1] < 1 / LARGEST_STRETCH:
        return False
    if np.linalg.det(matrix[:2, :2]) < 0:
        return False
    y, x = corners(shape)
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    return bool(np.abs(depth - 1).max() < LARGEST_BEND)


def corners(shape: tuple[int, ...]) -> Points:
    """``(2, 4)`` (y, x) of the corners of an image of ``shape`` ``(Y, X)``."""
    height, width = shape
    return np.array([[0, 0, height, height], [0, width, 0, width]], np.float64)


def _shift(fixed: Points, moving: Points) -> Matrix:
    matrix = np.eye(3)
    matrix[:2, 2] = np.mean(moving - fixed, axis=0)[::-1]
    return matrix


def _criterion(fixed: Points, moving: Points, matrix: Matrix, freedom: int) -> float:
    residual = moved(matrix, fixed.T) - moving.T
    spread = max(float((residual**2).mean()), 1e-6)
    evidence = residual.size / SHARED
    return evidence * float(np.log(spread)) + freedom * float(np.log(max(evidence, math.e)))
