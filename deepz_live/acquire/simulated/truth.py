"""What only a simulation can tell: where the beads are and how the sample moved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.camera import View
from deepz_live.acquire.simulated.samples.sample import NO_NEURONS, Neurons
from deepz_live.acquire.simulated.specimen import Beads, surface_um
from deepz_live.acquire.simulated.volume_scene import VolumeScene
from deepz_live.config import Specimen


class Truth:
    """The built-in microscope's answers, for tests and quality reports.

    ``binning`` tells the camera's present one.
    """

    def __init__(
        self,
        view: View,
        specimen: Specimen,
        sensor_pixel_um: float,
        binning: Callable[[], int],
    ) -> None:
        self._view, self._specimen = view, specimen
        self._pixel, self._binning = sensor_pixel_um, binning

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
        return self._on_frame(self.beads)

    def surface_um(self) -> NDArray[np.float64]:
        """``(Y, X)`` height of the beads' surface in each pixel of the full frame, as drifted now.

        Less the stage's height, it is the DPM that brings the surface into focus.
        """
        dz, dy, dx = self._view.drift_um(self._view.clock())
        _, stage_y, stage_x = self._view.stage_um()
        binning, shape = self._binning(), self._view.scene.shape
        pixel = self._pixel * binning
        y, x = (
            (np.arange(side // binning, dtype=np.float64) + 0.5) * pixel
            + (place - side * self._pixel / 2)
            for side, place in zip(shape, (stage_y - dy, stage_x - dx), strict=True)
        )
        return surface_um(self._specimen, y[:, None], x[None, :]) + dz

    @property
    def neurons(self) -> Neurons:
        """The neurons on the sensor now; none unless the sample is a worm."""
        view = self._view
        if not isinstance(view.scene, VolumeScene):
            return NO_NEURONS
        return view.scene.neurons(view.stage_um(), view.drift_um(view.clock()))

    def neuron_pixels(self) -> NDArray[np.float64]:
        """``(N, 2)`` (row, column) of these neurons in the full (binned) frame, sub-pixel."""
        return self._on_frame(self.neurons.positions_um)

    def traces(self, neurons: Neurons, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(N, T)`` brightness of neurons at times of the microscope's clock (frame times)."""
        scene = self._view.scene
        if not isinstance(scene, VolumeScene):
            return np.ones((len(neurons), len(times_s)))
        return scene.traces(neurons, np.asarray(times_s) - self._view.began_s)

    def _on_frame(self, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
        drift = self._view.drift_um(self._view.clock())
        stage = self._view.stage_um()
        place = points_um[:, 1:] + np.array(drift[1:]) - np.array(stage[1:])
        centre = (np.array(self._view.scene.shape) - 1) / 2
        sensor = place / self._pixel + centre
        return np.asarray((sensor + 0.5) / self._binning() - 0.5)

    def drift_um(self, time_s: float) -> tuple[float, float, float]:
        """(dz, dy, dx) µm of the sample at ``time_s`` of the microscope's clock (frame times)."""
        return self._view.drift_um(time_s)

    def _beads(self) -> Beads:
        view = self._view
        return view.scene.beads(view.stage_um(), view.drift_um(view.clock()))
