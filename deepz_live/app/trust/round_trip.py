"""Refocused away and back again, a frame must come out as it went in.

The plane at ``+dz`` of a frame's virtual stack is given to the network as if it were a frame, and
refocused by ``-dz``; likewise the other way. What a network does not know it does not bring back:
where it invents, it invents twice. That needs no truth, so that it can be asked of any sample. It
is necessary, not sufficient: a network that changes nothing passes, and so may one that is wrong
in the same way twice. Frames of the model's own kind do not come back perfectly either; what they
reach is measured beside the model's quality, and a frame is compared with that.

Compared is the band of structures between 0.65 and 2 µm. Finer is mostly noise, which no network
brings back; coarser is mostly haze, which any network does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.trust.reason import Level, Reason
from deepz_live.image.metrics import band, correlation
from deepz_live.model.bundle import Bundle, BundleFacts, RoundTripQuality

Image = NDArray[np.float32]

BAND_UM = (0.65, 2.0)
AWAY = 0.3
"""Part of the model's reach to go. Near, nothing happens; far, its own frames fail, too."""
AMBER_SPREADS, RED_SPREADS = 2.0, 4.0
SMALLEST_SPREAD = 0.03
"""So far apart are two frames of one sample at any rate."""


class Refocuses(Protocol):
    """What is needed of an engine, one's own or a borrowed one."""

    @property
    def bundle(self) -> Bundle:
        """The trained model."""

    def surface(self, pixels: NDArray[np.generic], dpm: NDArray[np.floating]) -> Image:
        """The surface ``(Y, X)`` of a frame, in counts."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Correlation of a frame with itself ``dz_um`` away and back, mean of both ways."""

    dz_um: float
    corr: float


def trip_um(facts: BundleFacts) -> float:
    """How far to go: the plane of the model nearest to 0.3 of its shorter side."""
    low, high = facts.z_range_um
    wanted = AWAY * min(-low, high)
    planes = [z for z in facts.z_planes_um if z > 0 and -z >= low - 1e-6]
    return min(planes, key=lambda z: abs(z - wanted))


def can_return(facts: BundleFacts) -> bool:
    """Whether planes can be given to the network as frames: not those of another modality."""
    low, high = facts.z_range_um
    return facts.target_normalization is None and low < 0 < high


def round_trip(
    engine: Refocuses, pixels: NDArray[np.generic], away: Image, dz_um: float
) -> RoundTrip:
    """Send the planes ``away`` ``(2, Y, X)``, at ``-dz_um`` and ``+dz_um``, back and compare.

    ``pixels`` ``(Y, X)`` is the frame, in counts like ``away``. The network runs twice.
    """
    facts = engine.bundle.facts

    def structures(image: NDArray[np.generic]) -> Image:
        return band(facts.normalization.forward(image), BAND_UM, facts.pixel_size_um)

    frame = structures(pixels)
    found = [
        correlation(
            structures(engine.surface(plane, np.full(plane.shape, back_um, np.float32))), frame
        )
        for plane, back_um in zip(away, (dz_um, -dz_um), strict=True)
    ]
    return RoundTrip(dz_um, float(np.mean(found)))


def typical(trips: Iterable[RoundTrip]) -> RoundTripQuality | None:
    """Mean and spread of the round trips of frames of the model's own kind; None without any."""
    found = list(trips)
    if not found:
        return None
    corr = np.array([trip.corr for trip in found])
    return RoundTripQuality(
        dz_um=found[0].dz_um, n=len(found), corr=float(corr.mean()), spread=float(corr.std())
    )


def judge_round_trip(facts: BundleFacts, found: RoundTrip | None) -> Reason:
    """Beside what frames of the model's own kind reach."""
    level, text = _judged(facts, found)
    return Reason("round trip", level, text)


def _judged(facts: BundleFacts, found: RoundTrip | None) -> tuple[Level | None, str]:
    if not can_return(facts):
        return None, "The model makes another modality, so its planes cannot be refocused back."
    if found is None:
        return None, "Refocusing there and back has not been tried yet."
    known = facts.reference.round_trip if facts.reference is not None else None
    text = (
        f"Refocused by {found.dz_um:g} µm and back, the frame's structures return with a "
        f"correlation of {found.corr:.2f}"
    )
    if known is None:
        return None, (
            f"{text}; the bundle does not say what is usual: measure it with `deepz-live report`."
        )
    text += f"; frames that the model knows reach {known.corr:.2f} ± {known.spread:.2f}"
    short = (known.corr - found.corr) / max(known.spread, SMALLEST_SPREAD)
    if short > RED_SPREADS:
        return "red", f"{text}: it does not know what it sees here."
    if short > AMBER_SPREADS:
        return "amber", f"{text}: make a spot check."
    return "green", f"{text}."
