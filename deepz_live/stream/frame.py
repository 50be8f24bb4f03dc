"""One camera image and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera image, exactly as the camera gave it.

    Attributes
    ----------
    pixels
        ``(Y, X)``, camera counts, the camera's own dtype; never written to after creation.
    index
        Running number given by the camera from 0; a gap is a lost frame.
    time_s
        Capture time in seconds on the monotonic clock of the source.
    z_um
        Stage z at capture, µm.
    exposure_ms
        Exposure time.
    channel
        Channel name.
    """

    pixels: NDArray[np.uint16]
    index: int
    time_s: float
    z_um: float
    exposure_ms: float
    channel: str


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What is the same for all frames of a stream.

    Attributes
    ----------
    shape
        ``(Y, X)`` in pixels.
    dtype
        numpy dtype name, e.g. ``"uint16"``.
    pixel_size_um
        Pixel in the sample plane.
    frame_rate_hz
        Nominal rate; 0 where unknown.
    channel, exposure_ms
        As in :class:`Frame`; of several channels those of the first.
    channels
        All of them, where there are several, in turn or at once; else empty.
    origin
        A line for people: profile name or session path.
    """

    shape: tuple[int, int]
    dtype: str
    pixel_size_um: float
    frame_rate_hz: float
    channel: str
    exposure_ms: float
    origin: str
    channels: tuple[str, ...] = ()
