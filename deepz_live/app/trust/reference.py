"""What frames of a model's own kind are like: measured beside its quality, kept in the bundle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.trust.round_trip import (
    Refocuses,
    RoundTrip,
    can_return,
    round_trip,
    trip_um,
    typical,
)
from deepz_live.image.appearance import appearance
from deepz_live.model.bundle import Reference
from deepz_live.refocus.planes import planes_at


class ReferenceMeter:
    """Looks at frames one after the other; they must not have been trained on."""

    def __init__(self) -> None:
        self._looks: list[dict[str, float]] = []
        self._trips: list[RoundTrip] = []

    def add(self, engine: Refocuses, pixels: NDArray[Any], volume: NDArray[np.float32]) -> None:
        """One frame ``(Y, X)`` and what the network made of it, ``(Z, Y, X)``, both counts."""
        facts = engine.bundle.facts
        normalised = facts.normalization.forward(pixels)
        self._looks.append(appearance(normalised, facts.pixel_size_um))
        if can_return(facts):
            dz_um = trip_um(facts)
            away = planes_at(volume, facts.z_planes_um, (-dz_um, dz_um))
            self._trips.append(round_trip(engine, pixels, away, dz_um))

    def result(self) -> Reference:
        """The reference, after one frame at least."""
        ranges = {
            name: (min(look[name] for look in self._looks), max(look[name] for look in self._looks))
            for name in self._looks[0]
        }
        return Reference(
            frames=len(self._looks), appearance=ranges, round_trip=typical(self._trips)
        )
