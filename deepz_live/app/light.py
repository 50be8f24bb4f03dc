"""Planes not taken: the light that a live view saves against scanning the same planes."""

from __future__ import annotations

from collections.abc import Iterable

from deepz_live.analysis.dose import scan_dose, virtual_dose
from deepz_live.refocus.cuts import Cut, PlaneCut


def planes_shown(cuts: Iterable[Cut], z_planes_um: tuple[float, ...]) -> int:
    """How many planes a stage would have to go to for these cuts.

    Surfaces, projections and sections are made of all planes of the model.
    """
    depths = set()
    for cut in cuts:
        if not isinstance(cut, PlaneCut):
            return len(z_planes_um)
        depths.add(round(cut.depth_um, 3))
    return len(depths)


class LightMeter:
    """Adds up while frames are refocused and the view changes.

    Attributes
    ----------
    frames, planes
        Frames so far; planes shown of the newest.
    exposures, light_s
        Exposures that a mechanical scan would have taken more, and their time under light.
    """

    def __init__(self) -> None:
        self.frames = self.planes = self.exposures = 0
        self.light_s = 0.0
        self._exposure_ms = 0.0

    def count(self, frames: int, planes: int, exposure_ms: float) -> None:
        """``frames`` were refocused until now, the newest of them to ``planes`` planes.

        An exposure of 0 is unknown, as that of an image file: exposures are counted, no light.
        """
        more = frames - self.frames
        self._exposure_ms = exposure_ms
        if planes > 0:
            self.planes = planes
        if more > 0 and planes > 0:
            # Rates do not matter here, so that the frame rate may be any.
            some_ms = exposure_ms or 1.0
            scan = scan_dose(more, planes, some_ms)
            seen = virtual_dose(more, planes, some_ms, frame_rate_hz=1.0)
            self.exposures += scan.exposures - seen.exposures
            if exposure_ms > 0:
                self.light_s += scan.exposure_s - seen.exposure_s
        self.frames = max(frames, self.frames)

    @property
    def text(self) -> str:
        """A line for the operator; empty before the first frame."""
        if self.frames == 0 or self.planes == 0:
            return ""
        planes = "1 plane" if self.planes == 1 else f"{self.planes} planes"
        saved = f"{planes} shown × {self.frames} frames: {self.exposures} exposures"
        if self._exposure_ms <= 0:
            return f"{saved} saved"
        return f"{saved} of {self._exposure_ms:g} ms saved ({self.light_s:.1f} s of light)"
