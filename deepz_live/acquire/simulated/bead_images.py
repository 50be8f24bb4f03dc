"""What a bead looks like through the optics, with a phase mask or without."""

from __future__ import annotations

from typing import Protocol

from deepz_live.acquire.simulated.masked_psf import masked_psf
from deepz_live.acquire.simulated.optics import Floats, psf_table
from deepz_live.config import Optics


class BeadImages(Protocol):
    """Images of a bead by height; light is 1 at the central pixel in focus without a mask."""

    @property
    def reach_um(self) -> Floats:
        """``(H,)`` distance within which a bead's light falls."""

    def reach_at(self, height_um: float) -> float:
        """That distance in µm at one height."""

    def patch(self, height_um: float, y_um: Floats, x_um: Floats, peak: float = 1.0) -> Floats:
        """``(Y, X)`` from offsets ``(Y,)`` and ``(X,)`` in µm, ``peak`` times as bright."""

    def image(
        self, height_um: float, shape: tuple[int, int], centre_px: tuple[float, float], pixel: float
    ) -> Floats:
        """Bead image ``(Y, X)``, its centre at ``centre_px`` (y, x), pixels of ``pixel`` µm."""


def bead_images(optics: Optics) -> BeadImages:
    """The images for these optics; raises MicroscopeError where they cannot be built."""
    return psf_table(optics) if optics.phase_mask == "none" else masked_psf(optics)
