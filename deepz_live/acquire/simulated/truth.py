"""What only a simulation can tell: where the beads are and how the sample moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.camera import View
from deepz_live.acquire.simulated.specimen import Beads


class Truth:
    """The built-in microscope's answers, for tests and quality reports."""

    def __init__(self, view: View, sensor_pixel_um: float, binning: int) -> None:
        self._view, self._pixel, self._binning = view, sensor_pixel_um, binning

    @property
    def beads(self) -> NDArray[np.float64]:
        """``(N, 3)`` (z, y, x) µm of the beads on the sensor now, as in the undrifted sample."""
        return self._beads().positions_um

    @property
    def brightness(self) -> NDArray[np.float64]:
        """``(N,)`` brightness of these beads around 1; times ``specimen.photons`` in electrons."""
        return self._beads().brightness

    def bead_pixels(self) -> NDArray[np.float64]:
        """``(N, 2)`` (row, column) of these beads in the full (binned) frame, sub-pixel."""
        drift = self._view.drift_um(self._view.clock())
        stage = self._view.stage_um()
        place = self.beads[:, 1:] + np.array(drift[1:]) - np.array(stage[1:])
        centre = (np.array(self._view.scene.shape) - 1) / 2
        sensor = place / self._pixel + centre
        return np.asarray((sensor + 0.5) / self._binning - 0.5)

    def drift_um(self, time_s: float) -> tuple[float, float, float]:
        """(dz, dy, dx) µm of the sample at ``time_s`` of the microscope's clock (frame times)."""
        return self._view.drift_um(time_s)

    def _beads(self) -> Beads:
        view = self._view
        return view.scene.beads(view.stage_um(), view.drift_um(view.clock()))
