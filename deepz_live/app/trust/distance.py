"""Is a plane within the range that the model was trained on, and does it do anything there?"""

from __future__ import annotations

from deepz_live.app.trust.reason import Level, Reason
from deepz_live.model.bundle import BundleFacts, DistanceQuality

NEAR_END = 0.1
"""Part of the range at either end where the model was shown few examples."""
IN_FOCUS_UM = 1.0
"""Below this the frame itself is still in focus, and there is little to refocus."""


def judge_distance(facts: BundleFacts, low_um: float, high_um: float) -> Reason:
    """Of all planes from ``low_um`` to ``high_um`` (refocus distances; equal for one plane)."""
    level, text = _judged(facts, low_um, high_um)
    return Reason("distance", level, text)


def quality_at(facts: BundleFacts, distance_um: float) -> DistanceQuality | None:
    """The report's row nearest to a distance; None where the bundle holds no report."""
    return min(facts.quality, key=lambda row: abs(row.dz_um - distance_um), default=None)


def _judged(facts: BundleFacts, low_um: float, high_um: float) -> tuple[Level, str]:
    first, last = facts.z_range_um
    known = f"{first:+g} … {last:+g}"
    single = low_um == high_um
    what = f"{_um(low_um)} µm" if single else f"{_um(low_um)} … {_um(high_um)} µm"
    if low_um < first - 1e-6 or high_um > last + 1e-6:
        return "red", (
            f"{what} leaves the model's range of {known} µm; move the stage nearer instead."
        )
    useless = _useless(facts, low_um, high_um)
    if useless is not None:
        return "red", (
            f"{what}: by its own report the model is no better than the frame as it is at "
            f"{_um(useless.dz_um)} µm (correlation with the scan {useless.corr:.2f} against "
            f"{useless.baseline['corr']:.2f})."
        )
    told = _told(facts, low_um) if single else ""
    edge = NEAR_END * (last - first) / 2
    if single and (low_um < first + edge + 1e-6 or low_um > last - edge - 1e-6):
        return "amber", (f"{what} is near the end of the model's range of {known} µm.{told}")
    return "green", f"{what} is within the model's range of {known} µm.{told}"


def _told(facts: BundleFacts, distance_um: float) -> str:
    """What is known of one plane."""
    if abs(distance_um) < IN_FOCUS_UM:
        return " The frame itself is still in focus there."
    row = quality_at(facts, distance_um)
    return "" if row is None else f" Measured there: correlation {row.corr:.2f} with the scan."


def _um(distance_um: float) -> str:
    """To a tenth of a µm with its sign; zero, and what rounds to it, has none."""
    text = f"{distance_um:+.1f}"
    return text if float(text) else "0.0"


def _useless(facts: BundleFacts, low_um: float, high_um: float) -> DistanceQuality | None:
    """The first measured distance between these at which refocusing gained nothing."""
    if low_um == high_um:
        row = quality_at(facts, low_um)
        rows = [] if row is None else [row]
    else:
        rows = [row for row in facts.quality if low_um <= row.dz_um <= high_um]
    for row in rows:
        if abs(row.dz_um) >= IN_FOCUS_UM and row.corr <= row.baseline.get("corr", -1.0):
            return row
    return None
