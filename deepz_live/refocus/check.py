"""Does a frame look like what the model was trained on? Warnings, in sentences, where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.config import Optics
from deepz_live.image.appearance import level_of
from deepz_live.stream.frame import Frame, StreamInfo

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle, BundleFacts

PIXEL_SIZE_TOLERANCE = 0.02
EXPOSURE_TOLERANCE = 0.05
OPTICS_TOLERANCE = 0.02
SATURATED_FRACTION = 0.01
BRIGHTNESS_FACTORS = (0.05, 4.0)
"""Brightest pixels, as a part of the training's brightest, that pass without a warning."""

_OBJECTIVE = {
    "Numerical aperture": "na",
    "Magnification": "magnification",
    "Refractive index of the immersion": "immersion_index",
}
_FULL_SCALES = frozenset(2**bits - 1 for bits in (8, 10, 11, 12, 14, 16))


class RecordedFrames(Protocol):
    """What a check needs of frames at rest."""

    @property
    def info(self) -> StreamInfo:
        """Facts of the stream."""

    def __len__(self) -> int: ...

    def frame(self, i: int) -> Frame:
        """Read the ``i``-th frame, from 0."""


def check_stream(bundle: Bundle, info: StreamInfo) -> tuple[str, ...]:
    """What of a stream's facts differs from the training: pixel size, exposure, channel."""
    facts = bundle.facts
    found: list[str] = []
    if not same_pixel_size(info.pixel_size_um, facts.pixel_size_um):
        found.append(
            f"Pixel size {info.pixel_size_um:.4g} µm differs from the model's "
            f"{facts.pixel_size_um:.4g} µm: refocused planes are not to be trusted."
        )
    known = facts.exposure_ms and info.exposure_ms  # image files may not say it
    if known and abs(info.exposure_ms / facts.exposure_ms - 1) > EXPOSURE_TOLERANCE:
        found.append(
            f"Exposure {info.exposure_ms:g} ms differs from the model's {facts.exposure_ms:g} ms."
        )
    if facts.channel and info.channel and info.channel != facts.channel:
        found.append(f"Channel {info.channel!r} is not the model's {facts.channel!r}.")
    return tuple(found)


def check_optics(bundle: Bundle, optics: Optics) -> tuple[str, ...]:
    """What of the microscope's objective and light path differs from the training."""
    own = bundle.facts.optics
    found: list[str] = []
    for name, key in _OBJECTIVE.items():
        here, there = float(getattr(optics, key)), float(getattr(own, key))
        if abs(here / there - 1) > OPTICS_TOLERANCE:
            found.append(
                f"{name} {here:g} differs from the model's {there:g}: defocus looks different."
            )
    if optics.mode != own.mode:
        found.append(f"The light path is {optics.mode}, but the model's was {own.mode}.")
    return tuple(found)


def check_frame(bundle: Bundle, frame: Frame, info: StreamInfo | None = None) -> tuple[str, ...]:
    """Warnings about ``frame`` (and its stream): intensities far outside the training too."""
    found = list(check_stream(bundle, info)) if info is not None else []
    pixels = frame.pixels[::2, ::2]
    if not np.isfinite(pixels).all():
        return (*found, "The frame holds values that are no number.")
    saturated = _saturated_fraction(frame)
    if saturated > SATURATED_FRACTION:
        found.append(
            f"{100 * saturated:.0f} % of the pixels are saturated: lower exposure or light."
        )
    found.extend(_brightness(bundle, pixels))
    return tuple(found)


def check_recorded(
    bundle: Bundle, frames: RecordedFrames, places: Sequence[int] | None = None
) -> tuple[str, ...]:
    """Warnings about frames at rest, before hours are spent on them.

    The first and the middle frame are read; where both look strange, the first one's warnings
    are given. ``places`` are the frames meant, e.g. those of one channel; None: all of them.
    """
    among = range(len(frames)) if places is None else places
    found = check_stream(bundle, frames.info) if not among else ()
    for place in dict.fromkeys((*among[:1], *among[len(among) // 2 :][:1])):
        frame = frames.frame(place)
        info = replace(frames.info, channel=frame.channel, exposure_ms=frame.exposure_ms)
        found = check_stream(bundle, info)
        if strange := check_frame(bundle, frame):
            return (*found, *strange)
    return found


def same_pixel_size(found_um: float, wanted_um: float) -> bool:
    """True where two pixel sizes (µm) agree within 2 %."""
    return abs(found_um / wanted_um - 1) <= PIXEL_SIZE_TOLERANCE


def _brightness(bundle: Bundle, pixels: NDArray[Any]) -> list[str]:
    """Compares the brightest pixels with those of the training, above the background."""
    facts = bundle.facts
    background = facts.normalization.background_counts
    reached = float(np.percentile(pixels, 99.99)) - background
    low, high = BRIGHTNESS_FACTORS
    factor = reached / max(_brightest(facts) - background, 1.0)
    if factor > high:
        text = (
            f"The frame is {factor:.1f} times as bright as the training images: "
            "lower exposure or light, or train on such images."
        )
        return [text]
    # Frames out of focus are dim, as most planes of the training stacks are.
    factor = reached / max(facts.intensity_counts[1] - background, 1.0)
    if factor < low:
        text = (
            f"The frame's brightest pixels reach {100 * max(factor, 0):.0f} % of the training "
            "images': check shutter, light and focus, or raise the exposure."
        )
        return [text]
    return []


def _brightest(facts: BundleFacts) -> float:
    """Counts of the training's brightest pixels, or of the brightest of its kind seen since.

    Over all planes of the training stacks, few of which are in focus, a percentile is low.
    """
    known = facts.intensity_counts[1]
    seen = facts.reference.appearance.get("peak") if facts.reference is not None else None
    if seen is None:
        return known
    highest = np.array([level_of(seen[1])], np.float32)
    return max(known, float(facts.normalization.inverse(highest)[0]))


def _saturated_fraction(frame: Frame) -> float:
    top = frame.pixels.max()
    if not np.issubdtype(frame.pixels.dtype, np.integer) or int(top) not in _FULL_SCALES:
        return 0.0
    return float(np.mean(frame.pixels == top))
