"""Arrangements of panes and panels for what an operator is doing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deepz_live.app.depths import opening_cuts
from deepz_live.refocus.cuts import Cut, PlaneCut, ProjectionCut, SectionCut

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Preset:
    """Which panels are shown, by key, and which panes.

    ``cuts`` gives what the panes beside the raw one show within a model's range.
    """

    title: str
    tip: str
    docks: frozenset[str]
    cuts: Callable[[Range], tuple[Cut, ...]]


def _search(range_um: Range) -> tuple[Cut, ...]:
    """A glance over all depths, and the plane that the knob turns."""
    low, high = range_um
    return (PlaneCut(min(max(0.0, low), high)), ProjectionCut("max"))


def _recording(range_um: Range) -> tuple[Cut, ...]:
    own, most, *planes = opening_cuts(range_um)
    return (own, most, SectionCut("xz", 0.0), *planes)


PRESETS: Mapping[str, Preset] = {
    "search": Preset(
        "Sample search",
        "Few large panes; stage, exposure and channel at hand",
        frozenset({"stage", "camera"}),
        _search,
    ),
    "recording": Preset(
        "Recording",
        "All depths side by side; drift, trust and light in view",
        frozenset({"drift", "trust", "markers"}),
        _recording,
    ),
}
