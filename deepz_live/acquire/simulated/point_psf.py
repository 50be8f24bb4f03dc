"""Point spread function of the built-in microscope, from the axis outwards, over heights.

The vectorial model of Aguet et al. (Opt. Express 17, 6829, 2009), as computed by `psfmodels`,
for an unpolarised point source: such a PSF is circularly symmetric, so one radial row a height
holds all of it. A confocal PSF is the product of the spot that excites and of the spot that is
detected through the pinhole (the formula of `psfmodels.confocal_psf`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import psfmodels
from numpy.typing import NDArray
from scipy.special import j0, j1

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.config import Optics

WORKING_DISTANCE_UM = 1000.0
HEIGHT_LIMIT_UM = 32.0
HEIGHT_STEP_UM = 0.25
RADIUS_UM = 30.0
_MODEL_PIXEL_UM = 0.15
_MOST_PIXELS = 128
"""A PSF reaches no further than this on the sensor, or small pixels would take minutes."""

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class PsfGrid:
    """Where a PSF is computed: heights ``-limit_um … +limit_um``, radii ``0 … radius_um``."""

    limit_um: float
    step_um: float
    radius_um: float
    row_step_um: float

    @property
    def heights_um(self) -> Rows:
        """``(H,)`` height of the source above the focal plane."""
        count = round(2 * self.limit_um / self.step_um) + 1
        return np.linspace(-self.limit_um, self.limit_um, count)


def psf_grid(optics: Optics) -> PsfGrid:
    """The grid fine and wide enough for these optics.

    A third of the axial FWHM (``0.88 λ / (n - sqrt(n² - NA²))``) bounds the step in height, a
    fifth of ``λ / NA`` the step in radius.

    Raises
    ------
    MicroscopeError
        Numerical aperture not below the immersion index, or no pixel size.
    """
    n, wave_um = optics.immersion_index, optics.emission_nm / 1000
    if optics.na >= n:
        raise MicroscopeError(
            f"Optics with na = {optics.na:g} cannot be built at immersion_index = "
            f"{n:g}; set optics.na below it or name the immersion's index."
        )
    if optics.pixel_size_um is None:
        raise MicroscopeError(
            "Optics have no pixel size, but the built-in camera needs one; "
            "set optics.pixel_size_um, e.g. 0.325."
        )
    axial_um = 0.88 * wave_um / (n - math.sqrt(n * n - optics.na**2))
    limit = min(HEIGHT_LIMIT_UM, max(HEIGHT_LIMIT_UM / 2, HEIGHT_LIMIT_UM * axial_um))
    return PsfGrid(
        limit_um=math.floor(limit),
        step_um=HEIGHT_STEP_UM / math.ceil(3 * HEIGHT_STEP_UM / axial_um),
        radius_um=min(RADIUS_UM, _MOST_PIXELS * optics.pixel_size_um),
        row_step_um=min(_MODEL_PIXEL_UM, wave_um / (5 * optics.na)),
    )


def point_rows(optics: Optics, heights_um: Rows, radius_um: float) -> Rows:
    """Intensity of a point ``(H, R)`` at heights above the focal plane, steps ``row_step_um``.

    Wide field: the model's units. Confocal: excitation is 1 in focus.
    """
    # The model counts z as the focal plane's depth: a source above the plane is at lower depth.
    depths = best_focus(optics) - heights_um
    detected = _rows(optics, optics.emission_nm, depths, radius_um)
    if optics.mode == "widefield":
        return detected
    exciting = _rows(optics, optics.excitation_nm, depths, radius_um)
    exciting /= exciting.max()
    step = psf_grid(optics).row_step_um
    return exciting * _through_pinhole(optics, detected, step)


def hankel(frequencies: Rows, count: int, step: float) -> Rows:
    """``(K, R)``: multiplied by a row, its 2-D Fourier transform at these frequencies.

    A trapezoid rule over the radius, with the end correction of Euler and Maclaurin on the axis.
    """
    radii = np.arange(count) * step
    weights = 2 * np.pi * radii * step
    weights[0] = np.pi * step**2 / 6
    return np.asarray(j0(2 * np.pi * np.outer(frequencies, radii)) * weights)


def _through_pinhole(optics: Optics, rows: Rows, step_um: float) -> Rows:
    """Rows blurred by the pinhole's disc: ``pinhole_au`` times 0.61 λ / NA in radius."""
    wave_um = optics.emission_nm / 1000
    radius = optics.pinhole_au * 0.61 * wave_um / optics.na
    k_step = 1 / (4 * rows.shape[1] * step_um)
    k = np.arange(math.ceil(2 * optics.na / wave_um / k_step) + 2) * k_step
    phase = 2 * np.pi * radius * k
    disc = np.ones_like(k)
    disc[1:] = 2 * j1(phase[1:]) / phase[1:]
    spectrum = rows @ hankel(k, rows.shape[1], step_um).T * disc
    radii = np.arange(rows.shape[1], dtype=np.float64) * step_um
    back = hankel(radii, len(k), k_step)
    return np.asarray(np.maximum(spectrum @ back.T, 0.0))


def best_focus(optics: Optics) -> float:
    """Focal depth µm at which the model's peak is highest."""
    span = 4.0 + optics.depth_um
    depths = np.arange(max(optics.depth_um - span, 0.0), optics.depth_um + span, 0.05)
    peaks = _rows(optics, optics.emission_nm, depths, 1.0)[:, 0]
    return float(depths[np.argmax(peaks)])


def _rows(optics: Optics, wave_nm: float, depths_um: Rows, radius_um: float) -> Rows:
    """Model intensity from the axis outwards, ``(Z, R)``."""
    step = psf_grid(optics).row_step_um
    half = round(radius_um / step)
    parameters = {
        "NA": optics.na,
        "ni0": optics.immersion_index,
        "ni": optics.immersion_index,
        "ns": optics.sample_index,
        "ti0": WORKING_DISTANCE_UM,
        "sf": 1,
        "mode": 1,
    }
    rows = []
    for first in range(0, len(depths_um), 16):
        block = psfmodels.vectorial_psf(  # type: ignore[no-untyped-call]
            np.ascontiguousarray(depths_um[first : first + 16]),
            2 * half + 1,
            dxy=step,
            pz=optics.depth_um,
            wvl=wave_nm / 1000,
            params=parameters,
            normalize=False,
        )
        rows.append(block[:, half, half:])
    return np.concatenate(rows)
