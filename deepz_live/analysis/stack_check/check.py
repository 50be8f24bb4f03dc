"""All checks of one calibration stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.stack_check.asymmetry import check_asymmetry, defocuses
from deepz_live.analysis.stack_check.bleaching import check_bleaching
from deepz_live.analysis.stack_check.drift import check_drift
from deepz_live.analysis.stack_check.finding import Finding, StackCheck
from deepz_live.analysis.stack_check.focus import check_focus
from deepz_live.analysis.stack_check.planes import measure
from deepz_live.analysis.stack_check.saturation import check_saturation
from deepz_live.analysis.stack_check.signal import check_signal
from deepz_live.analysis.stack_check.steps import check_steps

LEAST_PLANES, LEAST_PX = 5, 16


def check_stack(
    voxels: NDArray[Any],
    z_um: NDArray[np.float64],
    *,
    pixel_size_um: float,
    bits: int | None = None,
    offset_counts: float | None = None,
) -> StackCheck:
    """Check a calibration stack for all that would spoil a training.

    Parameters
    ----------
    voxels
        ``(Z, Y, X)`` camera counts, planes in the order they were taken, z ascending.
    z_um
        ``(Z,)`` stage z of each plane.
    pixel_size_um
        Pixel in the sample plane.
    bits
        Bit depth of the camera; None: told from the counts.
    offset_counts
        Counts of a dark pixel; None: told from the darkest pixels.

    Raises
    ------
    ValueError
        Fewer than 5 planes, a field under 16 pixels, or positions that do not match.
    """
    if voxels.ndim != 3 or len(voxels) < LEAST_PLANES or min(voxels.shape[1:]) < LEAST_PX:
        raise ValueError(
            f"A stack of shape {voxels.shape} cannot be checked; give (Z, Y, X) with at least "
            f"{LEAST_PLANES} planes of {LEAST_PX} × {LEAST_PX} pixels."
        )
    if len(z_um) != len(voxels):
        raise ValueError(
            f"{len(voxels)} planes and {len(z_um)} positions do not match; give one a plane."
        )
    planes = measure(voxels, z_um, pixel_size_um)
    share, saturation = check_saturation(voxels, bits)
    snr, signal = check_signal(planes)
    steps, missed = check_steps(planes)
    if not defocuses(planes):
        return _flat(saturation, signal, missed, check_asymmetry(planes), share, snr, steps)
    focus_um, offset_um, focus = check_focus(planes)
    lost, bleaching = check_bleaching(planes, focus_um, offset_counts)
    drift_um, drift = check_drift(planes)
    found = (focus, saturation, signal, bleaching, drift, missed, check_asymmetry(planes))
    return StackCheck(found, focus_um, offset_um, snr, share, lost, drift_um, steps)


def _flat(
    saturation: Finding,
    signal: Finding,
    missed: Finding,
    asymmetry: Finding,
    share: float,
    snr: float,
    steps: tuple[int, ...],
) -> StackCheck:
    """Images that do not defocus have no focus, and what changes in them is not the sample's."""
    found = (saturation, signal, missed, asymmetry)
    return StackCheck(found, None, None, snr, share, None, None, steps)
