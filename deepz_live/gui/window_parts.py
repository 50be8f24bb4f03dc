"""Which features the window has, in the order of their docks and menu rows."""

from __future__ import annotations

from deepz_live.gui.drift.part import DriftPart
from deepz_live.gui.parts import Part, Shop


def make_parts(shop: Shop) -> tuple[Part, ...]:
    """All features, each made once for a window."""
    return (DriftPart(shop),)
