"""What a calibration will cost, before anything moves or lights up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepz_live.acquire.focus import looks
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.request import CalibrationRequest

_OVERHEAD_S = 0.02
"""Move, read-out and bookkeeping of one plane, beyond its exposure."""


@dataclass(frozen=True, slots=True)
class CalibrationEstimate:
    """Time, disk, and light (exposure of each field over all channels, seconds)."""

    frames: int
    seconds: float
    disk_bytes: int
    exposure_s_per_field: float


def estimate(request: CalibrationRequest, microscope: Microscope) -> CalibrationEstimate:
    """The cost of ``request`` on this microscope as it is set now."""
    exposures_s = [microscope.exposure_of(setting) / 1000 for setting in request.channels]
    optics = microscope.profile.optics
    search = looks(request.autofocus_range_um, optics) if request.autofocus == "image" else 0
    light_s = request.planes * sum(exposures_s) + search * exposures_s[0]
    fields, channels = len(request.fields), len(request.channels)
    info = microscope.info
    size = int(np.prod(info.shape)) * np.dtype(info.dtype).itemsize
    frames = fields * channels * request.planes
    return CalibrationEstimate(
        frames=frames,
        seconds=fields * (light_s + (channels * request.planes + search) * _OVERHEAD_S),
        disk_bytes=frames * size,
        exposure_s_per_field=light_s,
    )
