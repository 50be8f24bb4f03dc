"""Light that the sample of the built-in microscope loses by being looked at."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.scene import BEAD_EXPOSURE_MS
from deepz_live.config import Specimen

Place = tuple[float, float]


class Bleaching:
    """How long each part of the sample has been exposed, and what is left of its light.

    Light falls as ``exp(-t / specimen.bleach_s)`` with the time ``t`` of exposures, all over the
    field that was lit. A field that overlaps one lit before has lost the overlap's share. The
    background does not bleach.

    Parameters
    ----------
    specimen
        With ``bleach_s``; None: nothing ever bleaches.
    field_um
        (height, width) of the lit field.
    """

    def __init__(self, specimen: Specimen, field_um: Place) -> None:
        self._time_s, self._field = specimen.bleach_s, field_um
        # The counts of a recorded stack hold its background, which nobody knows.
        bare = specimen.kind == "stack"
        self._background = 0.0 if bare else specimen.background_photons
        self._lit_s: dict[Place, float] = {}

    def expose(self, place_um: Place, seconds: float) -> None:
        """The field around ``place_um`` (y, x) was lit for so long."""
        if self._time_s is not None:
            self._lit_s[place_um] = self._lit_s.get(place_um, 0.0) + seconds

    def left(self, place_um: Place) -> float:
        """Share (0 … 1) of the light that the field around ``place_um`` (y, x) still has."""
        if self._time_s is None:
            return 1.0
        dose = sum(s * self._overlap(lit, place_um) for lit, s in self._lit_s.items())
        return math.exp(-dose / self._time_s)

    def applied(
        self, electrons: NDArray[np.float32], place_um: Place, exposure_ms: float
    ) -> NDArray[np.float32]:
        """``electrons (Y, X)`` of an unbleached sample, as they are now."""
        left = self.left(place_um)
        if left == 1.0:
            return electrons
        background = np.float32(self._background * exposure_ms / BEAD_EXPOSURE_MS)
        return (electrons - background) * np.float32(left) + background

    def _overlap(self, first: Place, second: Place) -> float:
        shares = (
            max(0.0, 1 - abs(a - b) / side)
            for a, b, side in zip(first, second, self._field, strict=True)
        )
        return math.prod(shares)
