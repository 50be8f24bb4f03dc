"""How well a single bead could be placed at best: what a frame tells, whatever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.bead_images import BeadImages, bead_images
from deepz_live.config import Profile

SIDE_PX = 151
_STEP_UM = 0.5
_STEP_PX = 0.1


def bound_rows(profile: Profile, heights_um: Sequence[float]) -> list[dict[str, Any]]:
    """By the bead's height: the Cramér-Rao bound of its depth and of its place along y, in µm.

    Standard deviations for a bead of the specimen's usual light, alone, on its background; light,
    background and place are all unknown. Raises MicroscopeError for optics that cannot be built.
    """
    images = bead_images(profile.optics)
    pixel_um = profile.optics.pixel_size_um or 1.0
    noise = profile.specimen.background_photons + profile.camera.read_noise_e**2
    rows = []
    for height in heights_um:
        depth, sideways = bound(images, height, profile.specimen.peak_electrons, noise, pixel_um)
        rows.append({"height_um": height, "depth_um": depth, "sideways_um": sideways})
    return rows


def bound(
    images: BeadImages, height_um: float, peak: float, noise: float, pixel_um: float
) -> tuple[float, float]:
    """The bounds along z and y, µm: roots of the diagonal of the inverse Fisher information.

    Counts are taken as Poisson's with ``noise`` electrons² of variance added in each pixel.
    """

    def seen(height: float, down_px: float = 0.0, right_px: float = 0.0) -> NDArray[np.float64]:
        # Beside the middle of a pixel, where slopes are not zero for symmetry alone.
        centre = (SIDE_PX // 2 + 0.2 + down_px, SIDE_PX // 2 + 0.3 + right_px)
        image = images.image(height, (SIDE_PX, SIDE_PX), centre, pixel_um)
        return peak * image.astype(np.float64).ravel()

    light = seen(height_um)
    slopes = np.stack(
        [
            (seen(height_um + _STEP_UM) - seen(height_um - _STEP_UM)) / (2 * _STEP_UM),
            (seen(height_um, _STEP_PX) - seen(height_um, -_STEP_PX)) / (2 * _STEP_PX * pixel_um),
            (seen(height_um, 0.0, _STEP_PX) - seen(height_um, 0.0, -_STEP_PX))
            / (2 * _STEP_PX * pixel_um),
            light / peak,
            np.ones_like(light),
        ]
    )
    information = (slopes / (light + noise)) @ slopes.T
    spread = np.sqrt(np.diag(np.linalg.inv(information)))
    return float(spread[0]), float(spread[1])
