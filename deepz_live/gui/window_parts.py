"""Which features the window has, in the order of their docks and menu rows."""

from __future__ import annotations

from deepz_live.gui.contrast.part import ContrastPart
from deepz_live.gui.drift.part import DriftPart
from deepz_live.gui.parts import Part, Shop
from deepz_live.gui.volume.part import VolumePart


def make_parts(shop: Shop) -> tuple[Part, ...]:
    """All features, each made once for a window."""
    return (DriftPart(shop), ContrastPart(shop), VolumePart(shop))
