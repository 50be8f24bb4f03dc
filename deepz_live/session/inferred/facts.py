"""What a file of refocused planes says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

NAMESPACE = "deepz-live/inferred"
CHANNEL = "inferred by a neural network"


@dataclass(frozen=True, slots=True)
class InferredFacts:
    """Where planes came from.

    Attributes
    ----------
    distances_um
        Refocus distance of each plane; NaN for one that follows a surface.
    pixel_size_um
        Of the planes.
    bundle_id
        Name and digest of the network that made them.
    source
        What they were made from.
    times_s
        When each frame was taken; empty where that is unknown, or of no interest.
    extra
        More facts, for the annotations.
    """

    distances_um: Sequence[float]
    pixel_size_um: float
    bundle_id: str
    source: str
    times_s: Sequence[float] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """For people who open the file elsewhere."""
        return (
            f"Inferred by a neural network ({self.bundle_id}) from {self.source}, not measured; "
            "plane positions are refocus distances relative to that image."
        )

    @property
    def annotations(self) -> dict[str, str]:
        """For programs: names and texts."""
        return {
            "inferred": "true",
            "bundle": self.bundle_id,
            "source": self.source,
            "distances_um": " ".join(f"{z:g}" for z in self.distances_um),
            **self.extra,
        }

    @property
    def z_step_um(self) -> float | None:
        """Between planes, where it is the same everywhere."""
        steps = np.abs(np.diff(self.distances_um))
        even = len(steps) > 0 and steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6)
        return float(steps[0]) if even else None

    @property
    def interval_s(self) -> float | None:
        """Mean time between two frames."""
        span_s = self.times_s[-1] - self.times_s[0] if len(self.times_s) > 1 else 0.0
        return span_s / (len(self.times_s) - 1) if span_s > 0 else None
