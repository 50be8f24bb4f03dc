"""Whether the sample lost light from the first plane to the last."""

from __future__ import annotations

import numpy as np

from deepz_live.analysis.stack_check.finding import Finding
from deepz_live.analysis.stack_check.planes import Planes
from deepz_live.analysis.stack_check.structure import coarse

AMBER, RED = 0.1, 0.25
"""Shares of the light. The network learns the brightness of a plane from that of another one up
to a quarter of the scan away; a loss of 10 % along the scan makes a few percent between them,
about what the normalisation of a field forgives. With 25 % it learns the bleaching."""
SECTIONED = 1.5
"""Where focus alone changes the light by this factor (a confocal microscope, a field so small
that blur leaves it), a slope may be its doing, and is no more than a reason to look."""
_FLOOR_PERCENT, _FLOOR_PX = 5, 8
_MIDDLE = 0.5


def check_bleaching(
    planes: Planes, focus_um: float | None, offset_counts: float | None
) -> tuple[float | None, Finding]:
    """Share of the light lost along the scan, and the finding.

    Blur spreads the light of a structure but keeps its sum, so in widefield the mean of a plane,
    above the background, stays the same along z; bleaching makes it fall exponentially with the
    planes taken. ``ln(mean)`` is fitted by ``a + b z + c (z - focus)²``, over planes that reach as
    far to one side of the focus as to the other: what depends on focus alone goes into ``c``,
    the loss into ``b``.

    Parameters
    ----------
    planes
        Taken from the first to the last, or the other way round: the sign of the change tells
        nothing about the order, so a gain is reported as such.
    focus_um
        Where the sample is in focus; None: the stack's middle.
    offset_counts
        Counts of a dark pixel: the least that is taken as background. The background is what the
        darkest twentieth of the sharpest plane shows.
    """
    # Blocks, because the darkest single pixels are those of the noise.
    calm = coarse(planes.window[planes.sharpest], min(_FLOOR_PX, min(planes.window.shape[1:])))
    floor = float(np.percentile(calm, _FLOOR_PERCENT))
    floor = max(floor, offset_counts or 0.0)
    light = planes.mean - floor
    if light.min() <= 0 or not planes.seen.any():
        text = "bleaching cannot be seen: the field is no brighter than its background"
        return None, Finding("green", "bleaching", text)
    place, used = _around(planes, focus_um)
    design = np.column_stack([np.ones(used.sum()), place[used], place[used] ** 2])
    _, slope, bend = np.linalg.lstsq(design, np.log(light[used]), rcond=None)[0]
    lost = 1 - float(np.exp(slope))
    reach = float(np.abs(place[used]).max())
    by_focus = float(np.exp(abs(bend) * reach**2)) > SECTIONED
    return lost, _finding(lost, by_focus)


def _around(
    planes: Planes, focus_um: float | None
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.bool_]]
]:
    """z from the focus in units of the scan, and the planes that lie evenly around it."""
    middle = float(planes.z_um[0] + planes.z_um[-1]) / 2
    centre = middle if focus_um is None else focus_um
    place = (planes.z_um - centre) / max(planes.depth_um, 1e-9)
    reach = min(-float(place[0]), float(place[-1]))
    if reach < _MIDDLE / 2:  # too few planes beyond the focus to be fitted alone
        return place, np.ones(len(place), bool)
    return place, np.abs(place) <= reach + 1e-9


def _finding(lost: float, by_focus: bool) -> Finding:
    verb = "lost" if lost >= 0 else "gained"
    text = f"{100 * abs(lost):.0f} % of the light {verb} along the scan"
    if abs(lost) <= AMBER:
        return Finding("green", "bleaching", text)
    if by_focus:
        return Finding("amber", "bleaching", f"{text}, or an effect of focus", "look at the ends")
    if lost < 0:
        cure = "let the lamp warm up, or see whether the sample bleaches against the scan"
    else:
        cure = "take less light, a shorter exposure or fewer planes"
    level = "red" if abs(lost) > RED else "amber"
    return Finding("red" if level == "red" else "amber", "bleaching", f"bleached: {text}", cure)
