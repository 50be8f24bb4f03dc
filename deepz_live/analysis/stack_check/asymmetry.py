"""Whether the images tell above from below: without that, no network can refocus them."""

from __future__ import annotations

import numpy as np

from deepz_live.analysis.stack_check.finding import Finding
from deepz_live.analysis.stack_check.planes import Planes
from deepz_live.analysis.stack_check.structure import shared_variance

DISTANCES_UM = (2.0, 4.0, 6.0)
ALIKE = 0.8
"""Correlation, free of noise, of planes as far above as below the focus. Well-corrected beads
without index mismatch reach 0.9, usual ones stay below 0.7 at one of the distances at least."""
SAME_BLUR = 1.5
SAME_SHARPNESS = 4.0
"""Images of which neither the share of detail nor the sharpness changes by these factors along
the scan do not defocus. A lamp or a camera that changes moves the sharpness, but not the share."""


def defocuses(planes: Planes) -> bool:
    """Whether the planes get blurred and sharp along the scan, whatever their brightness does."""
    if not planes.seen.any():
        return True  # too dark to tell, which another check says
    share, sharp = planes.share[planes.seen], planes.sharpness[planes.seen]
    if not planes.seen.all():
        return True  # in some planes the detail is blurred away
    return bool(
        share.max() >= SAME_BLUR * share.min() or sharp.max() >= SAME_SHARPNESS * sharp.min()
    )


def check_asymmetry(planes: Planes) -> Finding:
    """Amber where the images do not change with focus, or look alike above and below it."""
    likeness = _likeness(planes)
    cure = "use an objective and a mounting medium that make blur above and below differ"
    if not defocuses(planes):
        text = "no focus asymmetry: the images do not defocus along the scan"
        return Finding("amber", "asymmetry", text, "check that the focus stage moves the objective")
    if likeness is None:
        text = "blur above and below the focus could not be compared"
        return Finding("green", "asymmetry", text)
    if likeness > ALIKE:
        text = f"no focus asymmetry: above and below the focus look alike ({likeness:.2f} of 1)"
        return Finding("amber", "asymmetry", text, cure)
    text = f"blur differs above and below the focus ({likeness:.2f} alike, below {ALIKE:g} wanted)"
    return Finding("green", "asymmetry", text)


def _likeness(planes: Planes) -> float | None:
    """The smallest correlation of plane pairs around the sharpest one; None where none is seen."""
    focus, step = planes.sharpest, planes.step_um
    found = []
    for distance in DISTANCES_UM:
        away = round(distance / step) if step > 0 else 0
        below, above = focus - away, focus + away
        if away < 1 or below < 0 or above >= len(planes.z_um):
            continue
        if not (planes.seen[below] and planes.seen[above]):
            continue
        a, b = planes.detail(below), planes.detail(above)
        norm = np.sqrt(max(shared_variance(a) * shared_variance(b), 0.0))
        found.append(shared_variance(a, b) / float(norm) if norm > 0 else 1.0)
    return min(found, default=None)
