"""Autofocus on the standard deviation of the image, as the paper's stacks were centred."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.limits import require_z
from deepz_live.acquire.microscope import Microscope
from deepz_live.config import Optics

CONTRAST = 1.02
"""The best plane must be this much sharper than the median one to be believed,"""
_NOISE_SIGMAS = 5
"""and stand out so far from the scatter that noise alone gives the deviation of a frame."""
_COARSE_UM = (1.0, 4.0)
_FINE = 4
"""Fine steps in a coarse one."""
_PAST_PEAK = 3
"""A search beyond its range ends so many looks after the best one."""


def autofocus(
    microscope: Microscope,
    range_um: float,
    *,
    keep_clear_um: float = 0.0,
    checkpoint: Callable[[], None] = lambda: None,
) -> float:
    """Find the sharpest plane around the present focus, go there and return its z in µm.

    A coarse scan of ``range_um`` (full range, cut at the stage's limits less ``keep_clear_um``,
    which a later z-stack needs), continued beyond an end that is the sharpest by up to as much
    again; a fine one around the best plane, from below; and the vertex of the parabola through
    its best three points.

    Raises
    ------
    MicroscopeError
        Nothing to focus on, or the stage or camera failed; the focus is back where it began.

    What ``checkpoint``, called before each look, raises passes through; likewise.
    """
    start = microscope.z_um
    search = _Search(microscope, checkpoint, _room(microscope, start, keep_clear_um))
    done = False
    try:
        best = search.coarse(start, range_um)
        focus = search.fine(best)
        microscope.move_z(focus)
        done = True
    finally:
        if not done:
            microscope.move_z(start)
    return focus


def coarse_step_um(optics: Optics) -> float:
    """Twice the diffraction-limited depth of field, ``2 λ n / NA²``, between 1 and 4 µm."""
    depth = optics.emission_nm / 1000 * optics.immersion_index / optics.na**2
    return min(max(2 * depth, _COARSE_UM[0]), _COARSE_UM[1])


def looks(range_um: float, optics: Optics) -> int:
    """How many frames a search over ``range_um`` takes where the focus is inside."""
    return max(math.ceil(range_um / coarse_step_um(optics)) + 1, 3) + 2 * _FINE - 1


def sharpness(microscope: Microscope) -> float:
    """Standard deviation of one frame, in counts."""
    return float(microscope.snap().pixels.astype(np.float32).std())


@dataclass
class _Search:
    """Looks at heights within ``room``."""

    microscope: Microscope
    checkpoint: Callable[[], None]
    room: tuple[float, float]

    def coarse(self, start: float, range_um: float) -> float:
        """The sharpest of the heights of a coarse scan."""
        low, high = max(start - range_um / 2, self.room[0]), min(start + range_um / 2, self.room[1])
        count = max(math.ceil((high - low) / self._step_um()) + 1, 3)
        heights = [float(height) for height in np.linspace(low, high, count)]
        sharp = [self._look(height) for height in heights]
        self._extend(heights, sharp, range_um)
        self._require_contrast(heights, sharp)
        return heights[int(np.argmax(sharp))]

    def fine(self, best: float) -> float:
        """The vertex around the best coarse height."""
        reach = self._step_um() * (1 - 1 / _FINE)
        around = best + np.linspace(-reach, reach, 2 * _FINE - 1)
        heights = np.unique(np.clip(around, *self.room))
        return _vertex(heights, np.array([self._look(float(height)) for height in heights]))

    def _extend(self, heights: list[float], sharp: list[float], range_um: float) -> None:
        """Go on past the end that is the sharpest, until it gets worse, the limit or as far again.

        The far end of a scan is nearer to what is beyond it than any other place looked at.
        """
        best = int(np.argmax(sharp))
        if 0 < best < len(heights) - 1:
            return
        step = heights[1] - heights[0]
        if best == 0:
            step = -step
        height = heights[best]
        for _ in range(math.ceil(range_um / abs(step))):
            height += step
            if not self.room[0] <= height <= self.room[1]:
                return
            heights.append(height)
            sharp.append(self._look(height))
            if int(np.argmax(sharp)) < len(sharp) - _PAST_PEAK:
                return

    def _look(self, height: float) -> float:
        self.checkpoint()
        self.microscope.move_z(height)
        return sharpness(self.microscope)

    def _step_um(self) -> float:
        return coarse_step_um(self.microscope.profile.optics)

    def _require_contrast(self, heights: list[float], sharp: list[float]) -> None:
        """Standard deviations of n noisy pixels scatter by ``1 / sqrt(2 n)`` of themselves."""
        scatter = 1 / math.sqrt(2 * math.prod(self.microscope.shape))
        wanted = max(CONTRAST, 1 + _NOISE_SIGMAS * scatter)
        if max(sharp) >= wanted * float(np.median(sharp)):
            return
        raise MicroscopeError(
            f"Autofocus found nothing to focus on within {min(heights):g} … {max(heights):g} µm "
            f"(the image's contrast varies by less than {100 * (wanted - 1):.0f} %); check that "
            "the light is on, bring the sample roughly into focus, or set calibration.autofocus "
            "to false."
        )


def _room(microscope: Microscope, start: float, keep_clear_um: float) -> tuple[float, float]:
    """Where to look at all."""
    stage = microscope.profile.stage
    require_z(start, stage)
    low, high = stage.z_min_um + keep_clear_um, stage.z_max_um - keep_clear_um
    if high - low < 2 * _COARSE_UM[0] / _FINE or not low <= start <= high:
        raise MicroscopeError(
            f"Autofocus has no room: the stage's {stage.z_min_um:g} … {stage.z_max_um:g} µm less "
            f"{keep_clear_um:g} µm for the z-stack at either side leave nothing around "
            f"{start:g} µm; set calibration.autofocus to false or take a smaller range_um."
        )
    return low, high


def _vertex(heights: np.ndarray, sharp: np.ndarray) -> float:
    """Top of the parabola through the best point and its neighbours; the best point at an edge."""
    best = int(np.argmax(sharp))
    if not 0 < best < len(heights) - 1:
        return float(heights[best])
    near = slice(best - 1, best + 2)
    centre = float(heights[best])
    a, b, _ = np.polyfit(heights[near] - centre, sharp[near], 2)
    top = centre - b / (2 * a) if a < 0 else centre
    return float(np.clip(top, heights[best - 1], heights[best + 1]))
