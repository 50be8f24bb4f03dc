"""Strokes of the brush: dabs that raise or lower a drawn surface."""

from __future__ import annotations

import math

from deepz_live.image.free import Free

APART = 0.3
"""A stroke makes a dab every so much of the brush's radius."""


class Brush:
    """Remembers where the stroke is; a slow hand draws no higher hill than a quick one."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None

    @property
    def pressed(self) -> bool:
        """Whether a stroke is being drawn."""
        return self._last is not None

    def lift(self) -> None:
        """The stroke ends."""
        self._last = None

    def drawn(
        self, surface: Free, at_um: tuple[float, float], by_um: float, radius_um: float
    ) -> Free:
        """``surface`` with a dab at (y, x), unless the last one is too near."""
        if self._last is not None and math.dist(self._last, at_um) < APART * radius_um:
            return surface
        self._last = at_um
        return surface.raised(*at_um, by_um, radius_um)
