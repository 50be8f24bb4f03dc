"""How much light a sample gets for the planes that are seen of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

J_PER_MW_S = 1e-3


@dataclass(frozen=True, slots=True)
class Dose:
    """Light for a number of volumes.

    Attributes
    ----------
    exposures
        Number of them.
    exposure_s
        Time under light, all together.
    per_plane_s
        Time under light for one plane that was seen.
    energy_j_cm2, per_plane_j_cm2
        The same as energy on the sample; None where the irradiance is not known.
    volumes_per_s
        How fast volumes can follow each other.
    """

    exposures: int
    exposure_s: float
    per_plane_s: float
    energy_j_cm2: float | None
    per_plane_j_cm2: float | None
    volumes_per_s: float


def virtual_dose(
    frames: int,
    planes: int,
    exposure_ms: float,
    frame_rate_hz: float,
    irradiance_mw_cm2: float | None = None,
) -> Dose:
    """Light for virtual stacks: one exposure shows all ``planes`` of a volume."""
    return _dose(frames, frames * planes, exposure_ms, frame_rate_hz, irradiance_mw_cm2)


def scan_dose(
    volumes: int,
    planes: int,
    exposure_ms: float,
    move_ms: float = 0.0,
    irradiance_mw_cm2: float | None = None,
) -> Dose:
    """Light for mechanical scans of the same planes: one exposure a plane.

    ``move_ms`` is what the stage needs from plane to plane; the sample is dark meanwhile.
    """
    count = volumes * planes
    rate = 1000 / (planes * (exposure_ms + move_ms))
    return _dose(count, count, exposure_ms, rate, irradiance_mw_cm2)


def light_lost(
    signal: NDArray[np.floating], exposure_ms: NDArray[np.floating], floor: float
) -> float | None:
    """Share of the light that one second of exposure costs, from how the signal falls.

    ``ln(signal - floor)`` is fitted by a straight line over the exposure so far: bleaching by a
    steady light is exponential.

    Parameters
    ----------
    signal
        ``(T,)`` mean counts of the frames of one channel whose brightness means nothing else.
    exposure_ms
        ``(T,)`` of each.
    floor
        What a frame without fluorescence reads.

    Returns
    -------
    0 … 1, negative where the signal grew; None with fewer than three frames, or a signal that
    does not stand above the floor.
    """
    above = np.asarray(signal, np.float64) - floor
    before_s = (np.cumsum(exposure_ms) - np.asarray(exposure_ms)) / 1000
    if len(above) < 3 or above.min() <= 0 or np.ptp(before_s) == 0:
        return None
    slope = float(np.polyfit(before_s, np.log(above), 1)[0])
    return 1 - float(np.exp(slope))


def _dose(
    exposures: int, planes_seen: int, exposure_ms: float, rate: float, irradiance: float | None
) -> Dose:
    total_s = exposures * exposure_ms / 1000
    share_s = total_s / planes_seen if planes_seen else 0.0
    joule = None if irradiance is None else irradiance * J_PER_MW_S
    return Dose(
        exposures=exposures,
        exposure_s=total_s,
        per_plane_s=share_s,
        energy_j_cm2=None if joule is None else joule * total_s,
        per_plane_j_cm2=None if joule is None else joule * share_s,
        volumes_per_s=rate,
    )
