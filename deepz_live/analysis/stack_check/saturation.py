"""Whether bright structures reach the camera's ceiling and lose their shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from deepz_live.analysis.stack_check.finding import Finding

AMBER, RED = 0.005, 0.05
"""Shares of the bright structures' pixels. Red: in every twentieth the peak has no shape to learn
from. An unclipped peak has about 15 % of its bright pixels in its upper tenth, so with a share of
5 % the tops of a third of the structures are cut off; training draws its line there too."""
FULL_SCALES = frozenset(2**bits - 1 for bits in (8, 10, 11, 12, 14, 16))
PLATEAU = 30
"""Voxels at one largest value, more than in the whole hundredth below it, are a ceiling too."""


def check_saturation(voxels: NDArray[Any], bits: int | None) -> tuple[float, Finding]:
    """Share of bright pixels that are clipped somewhere along z, and the finding.

    Parameters
    ----------
    voxels
        ``(Z, Y, X)`` counts.
    bits
        Of the camera; None where unknown: then a full scale or a plateau at the top tells.

    A pixel is bright where the stack's maximum is above half of its range. A clipped pixel
    without a bright neighbour is a hot pixel of the camera and does not count.
    """
    share = _share(voxels, bits)
    text = f"{100 * share:.1f} % of the bright pixels are saturated"
    cure = "shorten the exposure or take less light"
    if share > RED:
        return share, Finding("red", "saturation", text, cure)
    if share > AMBER:
        return share, Finding("amber", "saturation", text, cure)
    clipped = "" if share == 0 else f" but {100 * share:.1g} %"
    return share, Finding("green", "saturation", f"no pixel saturated{clipped}")


def _share(voxels: NDArray[Any], bits: int | None) -> float:
    ceiling = _ceiling(voxels, bits)
    if ceiling is None:
        return 0.0
    top = voxels.max(axis=0)
    clipped = top >= ceiling
    if not clipped.any():
        return 0.0
    floor = float(np.percentile(voxels[len(voxels) // 2], 1))
    bright = top > (floor + ceiling) / 2
    regions, count = label(bright, structure=np.ones((3, 3)))
    sizes = np.bincount(regions.ravel(), minlength=count + 1)
    bright &= sizes[regions] > 1
    clipped &= binary_dilation(bright)
    return float((clipped & bright).sum() / max(bright.sum(), 1))


def _ceiling(voxels: NDArray[Any], bits: int | None) -> float | None:
    if bits is not None and voxels.dtype.kind in "ui":
        return float(2**bits - 1)
    top = voxels.max()
    if voxels.dtype.kind in "ui" and int(top) in FULL_SCALES:
        return float(top)
    at_top = int((voxels == top).sum())
    below = int((voxels > 0.99 * float(top)).sum()) - at_top
    return float(top) if at_top >= PLATEAU and at_top > below else None
