"""How far the sample moved sideways while the stack was taken."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from deepz_live.analysis.stack_check.finding import Finding
from deepz_live.analysis.stack_check.planes import Planes
from deepz_live.analysis.stack_check.structure import Image, coarse, detail

MEASURED_PX = 512
"""Larger windows are binned towards this."""
BLUR_PX = 2.0
"""Makes shifts of up to some pixels a plane look linear."""
AMBER_UM, RED_UM = 1.25, 2.0
"""Training aligns the planes, so that little remains of a micrometre, which is also what this
measures at worst where none drifts (a worm cut by the edge of the field; beads 0.3). Beyond 2 µm
four widths of the sharpest structures (0.5 µm with a 20×/0.75) must be undone in blurred planes,
and what drifted in the image will also have drifted in z."""


def check_drift(planes: Planes) -> tuple[float | None, Finding]:
    """Sideways drift from the first plane to the last, µm, and the finding.

    Neighbouring planes differ by focus and by drift. Focus changes a structure evenly around its
    centre, a shift by the slope of the picture, to one side; so the shift is the least-squares
    share of the slopes in the difference (B. D. Lucas and T. Kanade, Proc. IJCAI, 674-679, 1981),
    and defocus, noise and brightness average out. Registration by correlation or StackReg was
    tried on simulated stacks of sparse beads: with so little in focus it finds micrometres of
    drift where there are none.

    The steps count by how surely each shows its shift; planes without detail do not count, and
    are taken to drift as the others.
    """
    if not planes.seen.any():
        text = "lateral drift could not be measured: too little structure"
        return None, Finding("amber", "drift", text, "check that the sample does not move")
    drift = _drift_um(planes)
    text = f"{drift:.1f} µm lateral drift during the scan"
    cure = "wait until the sample has settled, or fix it"
    if drift > RED_UM:
        return drift, Finding("red", "drift", text, cure)
    if drift > AMBER_UM:
        return drift, Finding("amber", "drift", text, cure)
    return drift, Finding("green", "drift", text)


def _drift_um(planes: Planes) -> float:
    """The smaller of what all structure and what its detail alone say.

    A true drift is in both. A structure cut by the edge of the field deceives the one, since its
    blur grows to one side only; large round structures deceive the other.
    """
    factor = max(1, min(planes.window.shape[1:]) // MEASURED_PX)
    pixel_um = planes.pixel_size_um * factor
    smooth = (_smooth(plane, factor) for plane in planes.window)
    pictures = ((picture, detail(picture, pixel_um)) for picture in smooth)
    moves, weights = [], []
    for before, after in pairwise(pictures):
        steps = [_shift(a, b) for a, b in zip(before, after, strict=True)]
        moves.append([move for move, _ in steps])
        weights.append([weight for _, weight in steps])
    seen = planes.seen[:-1] & planes.seen[1:]
    shares = np.array(weights) * seen[:, None]
    if not (shares.sum(axis=0) > 0).all():
        return 0.0
    mean = (np.array(moves) * shares[..., None]).sum(axis=0) / shares.sum(axis=0)[:, None]
    return float(np.linalg.norm(mean, axis=1).min() * len(moves) * pixel_um)


def _smooth(plane: NDArray[np.generic], factor: int) -> Image:
    return np.asarray(gaussian_filter(coarse(plane, factor), BLUR_PX), np.float32)


def _shift(before: Image, after: Image) -> tuple[NDArray[np.float64], float]:
    """(y, x) in pixels that the picture moved, and the inverse of its variance up to a factor."""
    change = (after - before).ravel()
    down, across = (slope.ravel() for slope in np.gradient((before + after) / 2))
    slopes = np.array([[down @ down, down @ across], [down @ across, across @ across]], np.float64)
    power = float(np.trace(slopes))
    if not np.linalg.det(slopes) > 1e-9 * power**2:
        return np.zeros(2), 0.0
    pull = np.array([down @ change, across @ change], np.float64)
    move = np.asarray(-np.linalg.solve(slopes, pull), np.float64)
    left = change + np.float32(move[0]) * down + np.float32(move[1]) * across
    variance = float(left.var(dtype=np.float64))
    return move, power / variance if variance > 0 else 0.0
