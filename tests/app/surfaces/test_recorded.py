"""The last surface of a recording is found in its journal."""

from __future__ import annotations

from deepz_live.app.surfaces.recorded import recorded_surface, surface_facts
from deepz_live.image.dpm import Tilt, Uniform
from deepz_live.image.free import Free
from deepz_live.refocus.cuts import PlaneCut, SurfaceCut

DRAWN = Free(((0.0, 1.0), (2.0, 0.125)), 8.0)


def test_the_last_surface_counts_whether_shown_or_set():
    cuts = (PlaneCut(1.0), SurfaceCut(Uniform(2.0)), SurfaceCut(DRAWN, 0.5))
    events = [
        {"kind": "surface", "surface": "tilt:1,0,0", "how": "tilt"},
        {"kind": "view", "surfaces": surface_facts(cuts)},
        {"kind": "reference", "index": 3},
    ]
    assert recorded_surface(events) == DRAWN
    assert recorded_surface(events[:1]) == Tilt(1.0, 0.0)
    assert recorded_surface(events[2:]) is None


def test_what_cannot_be_read_is_passed_over():
    events = [{"surface": "uniform:1"}, {"surface": "knot:3"}, {"surfaces": [{}]}]
    assert recorded_surface(events) == Uniform(1.0)
