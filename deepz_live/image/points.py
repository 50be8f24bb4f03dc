"""The surface through points: clicked ones, each at its own depth of best focus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepz_live.image.dpm import Dpm, as_dpm, centred_grid
from deepz_live.image.surface_fit import FitKind, fit_heights, on_grid


@dataclass(frozen=True, slots=True)
class Points:
    """The surface fitted through points ``(z, y, x)``, µm from the centre of the image.

    Attributes
    ----------
    fit
        ``"plane"`` (three points or more) and ``"quadratic"`` (six) by least squares,
        ``"thin-plate"`` (three) through all points with the least bending.
    """

    points_um: tuple[tuple[float, float, float], ...]
    fit: FitKind = "plane"

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:
        """``(Y, X)`` float32, µm.

        Raises
        ------
        SurfaceError
            Too few points for the fit, or all of them on one line.
        """
        fitted = fit_heights(np.asarray(self.points_um, np.float64), self.fit)
        return as_dpm(on_grid(fitted, *centred_grid(shape, pixel_size_um)))
