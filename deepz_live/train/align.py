"""Rigid alignment of the planes of a stack against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pystackreg import StackReg
from scipy.ndimage import gaussian_filter

from deepz_live.image.metrics import correlation
from deepz_live.train.prepared import Box

MINIMUM_GAIN = 2e-3
"""Neighbouring planes must correlate better by this, or the stack is left as it was: on planes
that are all noise and blur, a registration finds shifts that never happened."""
JUDGING_BLUR_PX = 2.0
"""Agreement is judged on blurred planes: resampling smooths noise, which by itself would make
neighbours more alike."""
WORKING_PX = 256
"""Transforms are found on planes binned to about this size, which StackReg does in a fraction of
the time and still to a few hundredths of a pixel."""

KNOWN = 0.999
"""A moved image of ones is this at least where it shows the image rather than what is beyond."""

Matrix = NDArray[np.float64]


def align_planes(voxels: NDArray[Any], focus: int, reach: int) -> tuple[NDArray[Any], Box]:
    """Correct shift and rotation between planes (StackReg, rigid body; paper, Methods).

    Parameters
    ----------
    voxels
        ``(Z, Y, X)`` camera counts, of integers or floats.
    focus
        Index of the sharpest plane, where registration starts in both directions.
    reach
        Planes on either side whose agreement decides whether the result is kept.

    Returns
    -------
    ``(Z, Y, X)`` of the same dtype, the input itself where alignment brings nothing; and the part
    of the field that all moved planes show, ``(slice in y, slice in x)``.
    """
    whole = (slice(0, voxels.shape[1]), slice(0, voxels.shape[2]))
    factor = max(1, min(voxels.shape[1:]) // WORKING_PX)
    small = _binned(voxels, factor)
    matrices, aligned = _register(small, focus)
    near = slice(max(0, focus - reach), focus + reach + 1)
    if _agreement(aligned[near]) - _agreement(small[near]) < MINIMUM_GAIN:
        return voxels, whole
    mover = StackReg(StackReg.RIGID_BODY)
    planes = [
        _as(voxels.dtype, mover.transform(plane.astype(np.float64), tmat=_enlarged(m, factor)))
        for plane, m in zip(voxels, matrices, strict=True)
    ]
    return np.stack(planes), _shown_by_all(matrices, small.shape[1:], factor, whole)


def inner_box(known: NDArray[np.bool_]) -> Box:
    """A large rectangle of a ``(Y, X)`` mask without holes: the side with the most unknown pixels
    moves in until none is left."""
    y0, x0, (y1, x1) = 0, 0, known.shape
    while y0 < y1 and x0 < x1 and not known[y0:y1, x0:x1].all():
        part = ~known[y0:y1, x0:x1]
        shares = [part[0].mean(), part[-1].mean(), part[:, 0].mean(), part[:, -1].mean()]
        side = int(np.argmax(shares))
        y0, y1 = y0 + (side == 0), y1 - (side == 1)
        x0, x1 = x0 + (side == 2), x1 - (side == 3)
    return slice(y0, y1), slice(x0, x1)


def _as(dtype: np.dtype[Any], values: NDArray[np.float64]) -> NDArray[Any]:
    if dtype.kind == "f":
        return values.astype(dtype)
    return np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)


def _shown_by_all(matrices: list[Matrix], shape: tuple[int, ...], factor: int, whole: Box) -> Box:
    mover = StackReg(StackReg.RIGID_BODY)
    ones = np.ones(shape)
    known = np.logical_and.reduce([mover.transform(ones, tmat=m) > KNOWN for m in matrices])
    inner = inner_box(known)
    # A binned pixel stands for several, and interpolation reaches one further.
    low = [0 if s.start == 0 else (s.start + 1) * factor for s in inner]
    high = [
        w.stop if s.stop == n else max(0, s.stop - 1) * factor
        for s, n, w in zip(inner, shape, whole, strict=True)
    ]
    return slice(low[0], max(low[0], high[0])), slice(low[1], max(low[1], high[1]))


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


def _binned(voxels: NDArray[Any], factor: int) -> NDArray[np.float64]:
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
