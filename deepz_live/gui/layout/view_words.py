"""The panes as plain values, to be kept from one day to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepz_live.gui.panes.grid import MOST_PANES
from deepz_live.gui.view_controller import ViewState
from deepz_live.refocus.cuts import Cut, PlaneCut, ProjectionCut, SectionCut, SurfaceCut

RAW = "raw"


class ViewWordsError(ValueError):
    """Values that name no panes; the sentence says which."""


def words_of(state: ViewState) -> dict[str, Any]:
    """As JSON can hold it. A surface belongs to one sample: its pane is kept as a plane."""
    return {"panes": [_word(cut) for cut in state.cuts], "selected": state.selected}


def state_from(words: Mapping[str, Any]) -> ViewState:
    """Back from :func:`words_of`; sections go through the middle.

    Raises
    ------
    ViewWordsError
        Not such values.
    """
    panes = words.get("panes")
    if not isinstance(panes, list) or not 1 <= len(panes) <= MOST_PANES:
        raise ViewWordsError(
            f"The panes of the last time are {panes!r} instead of a list of 1 to {MOST_PANES}; "
            "the usual ones are shown."
        )
    cuts = tuple(_cut(word) for word in panes)
    if None not in cuts:
        cuts = (None, *cuts[: MOST_PANES - 1])
    selected = words.get("selected", 0)
    inside = isinstance(selected, int) and 0 <= selected < len(cuts)
    return ViewState(cuts, selected if inside else 0)


def _word(cut: Cut | None) -> Any:
    if cut is None:
        return RAW
    if isinstance(cut, PlaneCut):
        return {"plane_um": cut.depth_um}
    if isinstance(cut, SurfaceCut):
        return {"plane_um": cut.offset_um}
    if isinstance(cut, ProjectionCut):
        return {"projection": cut.kind}
    return {"section": cut.axis}


def _cut(word: Any) -> Cut | None:
    if word == RAW:
        return None
    if isinstance(word, Mapping):
        depth_um = word.get("plane_um")
        if isinstance(depth_um, int | float):
            return PlaneCut(float(depth_um))
        kind, axis = word.get("projection"), word.get("section")
        if kind in ("max", "mean", "depth"):
            return ProjectionCut(kind)
        if axis in ("xz", "yz"):
            return SectionCut(axis, 0.0)
    raise ViewWordsError(
        f"A pane of the last time is {word!r}, which this version does not know; the usual panes "
        "are shown."
    )
