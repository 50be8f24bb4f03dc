"""Rigid alignment of the planes of a stack against each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pystackreg import StackReg
from scipy.ndimage import gaussian_filter

from deepz_live.image.metrics import correlation

MINIMUM_GAIN = 2e-3
"""Neighbouring planes must correlate better by this, or the stack is left as it was: on planes
that are all noise and blur, a registration finds shifts that never happened."""
JUDGING_BLUR_PX = 2.0
"""Agreement is judged on blurred planes: resampling smooths noise, which by itself would make
neighbours more alike."""
WORKING_PX = 256
"""Transforms are found on planes binned to about this size, which StackReg does in a fraction of
the time and still to a few hundredths of a pixel."""

Matrix = NDArray[np.float64]


def align_planes(voxels: NDArray[np.uint16], focus: int, reach: int) -> NDArray[np.uint16]:
    """Correct shift and rotation between planes (StackReg, rigid body; paper, Methods).

    Parameters
    ----------
    voxels
        ``(Z, Y, X)`` camera counts.
    focus
        Index of the sharpest plane, where registration starts in both directions.
    reach
        Planes on either side whose agreement decides whether the result is kept.

    Returns
    -------
    ``(Z, Y, X)`` uint16; the input itself where alignment brings nothing.
    """
    factor = max(1, min(voxels.shape[1:]) // WORKING_PX)
    small = _binned(voxels, factor)
    matrices, aligned = _register(small, focus)
    near = slice(max(0, focus - reach), focus + reach + 1)
    if _agreement(aligned[near]) - _agreement(small[near]) < MINIMUM_GAIN:
        return voxels
    limit = np.iinfo(voxels.dtype).max
    mover = StackReg(StackReg.RIGID_BODY)
    planes = [
        np.clip(np.rint(mover.transform(plane.astype(np.float64), tmat=_enlarged(m, factor))),
                0, limit).astype(voxels.dtype)
        for plane, m in zip(voxels, matrices, strict=True)
    ]  # fmt: skip
    return np.stack(planes)


def _register(planes: NDArray[np.float64], focus: int) -> tuple[list[Matrix], NDArray[np.float64]]:
    """Each plane onto its aligned neighbour, outwards from the focus."""
    register = StackReg(StackReg.RIGID_BODY)
    matrices: list[Matrix] = [np.eye(3)] * len(planes)
    aligned = planes.copy()
    for order, back in ((range(focus + 1, len(planes)), -1), (range(focus - 1, -1, -1), 1)):
        for index in order:
            matrices[index] = register.register(aligned[index + back], planes[index])
            aligned[index] = register.transform(planes[index], tmat=matrices[index])
    return matrices, aligned


def _enlarged(matrix: Matrix, factor: int) -> Matrix:
    """The transform of binned planes, for full ones: rotation as it is, shift times ``factor``.

    Pixel centres of a binned plane lie ``(factor - 1) / 2`` pixels further in.
    """
    scale = np.diag([factor, factor, 1.0])
    scale[:2, 2] = (factor - 1) / 2
    return np.asarray(scale @ matrix @ np.linalg.inv(scale))


def _binned(voxels: NDArray[np.uint16], factor: int) -> NDArray[np.float64]:
    z, y, x = voxels.shape
    whole = voxels[:, : y // factor * factor, : x // factor * factor].astype(np.float64)
    blocks = whole.reshape(z, y // factor, factor, x // factor, factor)
    return np.asarray(blocks.mean(axis=(2, 4)))


def _agreement(planes: NDArray[np.float64]) -> float:
    smooth = [gaussian_filter(plane, JUDGING_BLUR_PX) for plane in planes]
    pairs = zip(smooth, smooth[1:], strict=False)
    # The rim is filled with zeros by a shift; it must not vote.
    rim = tuple(slice(max(1, n // 16), -max(1, n // 16)) for n in planes.shape[1:])
    return float(np.mean([correlation(a[rim], b[rim]) for a, b in pairs]))
