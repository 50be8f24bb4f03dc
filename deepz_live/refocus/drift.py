"""Sample drift measured from virtual stacks: each frame's volume against a reference's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.registration import Prepared, binning, prepare_binned, register
from deepz_live.refocus.stack import Stack, as_stack

LOW_CONFIDENCE = 0.3
"""Samples below this are flagged: shown, kept, and never used to compensate."""


@dataclass(frozen=True, slots=True)
class DriftSample:
    """How far the *sample* has moved since the reference, µm; +y is down, +x right, +z up.

    ``time_s`` is the frame's capture time; ``confidence`` is 0 … 1.
    """

    time_s: float
    dz_um: float
    dy_um: float
    dx_um: float
    confidence: float

    @property
    def flagged(self) -> bool:
        """True where the volumes hardly resemble each other: do not act on this sample."""
        return self.confidence < LOW_CONFIDENCE


class DriftEstimator:
    """Keeps one reference volume and measures others against it; not shared by threads."""

    def __init__(self, z_planes_um: Sequence[float], pixel_size_um: float) -> None:
        self._z_planes_um = tuple(z_planes_um)
        self._pixel_size_um = pixel_size_um
        self._reference: Prepared | None = None
        self._reference_z_um = 0.0

    @property
    def has_reference(self) -> bool:
        """True once :meth:`set_reference` was called."""
        return self._reference is not None

    @property
    def reference_z_um(self) -> float:
        """Stage z of the reference frame, µm."""
        return self._reference_z_um

    def set_reference(self, volume: NDArray[np.float32] | Stack, *, z_um: float = 0.0) -> None:
        """Measure from here on against ``volume`` ``(Z, Y, X)``, taken at stage ``z_um``."""
        self._reference = self._prepare(volume)
        self._reference_z_um = z_um

    def clear(self) -> None:
        """Forget the reference."""
        self._reference = None

    def measure(
        self, volume: NDArray[np.float32] | Stack, *, time_s: float = 0.0, z_um: float = 0.0
    ) -> DriftSample:
        """The sample's drift at ``time_s``; moves of the stage to ``z_um`` are taken out.

        Without a reference, or with one of another size, ``volume`` becomes the reference.
        """
        prepared = self._prepare(volume)
        if self._reference is None or self._reference.planes.shape != prepared.planes.shape:
            self._reference, self._reference_z_um = prepared, z_um
            return DriftSample(time_s, 0.0, 0.0, 0.0, 1.0)
        offset = register(self._reference, prepared)
        stage_um = z_um - self._reference_z_um
        return DriftSample(
            time_s, offset.dz_um + stage_um, offset.dy_um, offset.dx_um, offset.confidence
        )

    def _prepare(self, volume: NDArray[np.float32] | Stack) -> Prepared:
        stack = as_stack(volume, self._z_planes_um)
        factor = binning(stack.shape[1:], self._pixel_size_um)
        pixel_um = self._pixel_size_um * factor
        return prepare_binned(stack.binned(factor), self._z_planes_um, pixel_um)
