"""Surfaces in the journal of a recording: as text, and read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deepz_live.image.dpm import Surface, SurfaceError
from deepz_live.image.surface_text import parse_surface, surface_text
from deepz_live.refocus.cuts import Cut, SurfaceCut


def surface_facts(cuts: Iterable[Cut]) -> list[dict[str, Any]]:
    """The surfaces among ``cuts``, for the journal."""
    return [
        {"surface": surface_text(cut.surface), "offset_um": cut.offset_um}
        for cut in cuts
        if isinstance(cut, SurfaceCut)
    ]


def recorded_surface(events: Iterable[Mapping[str, Any]]) -> Surface | None:
    """The last surface that the journal of a recording names; None where there is none.

    A surface that this version cannot read is passed over.
    """
    last = None
    for event in events:
        texts = [event.get("surface"), *(one.get("surface") for one in event.get("surfaces", ()))]
        for text in texts:
            if isinstance(text, str):
                try:
                    last = parse_surface(text)
                except SurfaceError:
                    continue
    return last
