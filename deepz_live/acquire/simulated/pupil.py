"""Point spread function from the pupil, so that a phase mask can stand in it.

The vectorial model of Aguet et al. (Opt. Express 17, 6829, 2009) as an integral over the pupil
instead of Bessel integrals over its radius: an isotropic emitter's three dipoles, refracted from
the sample through the cover slip into the immersion, times ``exp(i k W)`` of defocus and index
mismatch. Without a mask it is the PSF of `psfmodels`, whose weights it takes over.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.phase_mask import helix_phase
from deepz_live.acquire.simulated.point_psf import best_focus
from deepz_live.config import Optics

PERIOD_UM = 120.0
"""A sampled pupil repeats the image after so much; what spreads further comes back on the other
side, far out and faint."""
_COVER_SLIP_INDEX = 1.515

Floats = NDArray[np.float32]
Complex = NDArray[np.complex64]


class Pupil:
    """The pupil of some optics, with their phase mask."""

    def __init__(self, optics: Optics) -> None:
        self._optics = optics
        self._focus_um = best_focus(optics)
        wave_um = optics.emission_nm / 1000
        half = math.ceil(optics.na / wave_um * PERIOD_UM)
        self._frequencies = np.arange(-half, half + 1) / PERIOD_UM
        y, x = np.meshgrid(*2 * [self._frequencies * wave_um], indexing="ij")
        sine = np.hypot(y, x)
        # A sample of the pupil counts by how much of it lies within the rim.
        rim = np.clip((optics.na - sine) * PERIOD_UM / wave_um + 0.5, 0, 1)
        sine = np.minimum(sine, optics.na)
        light = rim * np.exp(1j * _mask(optics, y, x))
        self._fields = (_dipoles(optics, sine, np.arctan2(y, x)) * light).astype(np.complex64)
        index = optics.immersion_index
        self._cosine = np.sqrt(index**2 - sine**2)
        in_sample = np.sqrt(optics.sample_index**2 - sine**2)
        self._wave_number = 2 * np.pi / wave_um
        self._sample_path = optics.depth_um * (
            in_sample - index / optics.sample_index * self._cosine
        )

    def intensity(self, height_um: float, places_um: NDArray[np.float64]) -> Floats:
        """``(R, R)``: a point on the axis, so high above the focus of the clear pupil.

        Parameters
        ----------
        places_um
            ``(R,)`` where rows and columns of the image lie.

        Returns
        -------
        Light per area; its sum over all places is the same at every height and with every mask.
        """
        # As psfmodels has it: the focal plane's depth z changes the immersion by depth - z.
        thicker = self._optics.depth_um - (self._focus_um - height_um)
        phase = self._wave_number * (self._sample_path + thicker * self._cosine)
        waves = self._fields * np.exp(1j * phase).astype(np.complex64)
        kernel = np.exp(2j * np.pi * np.outer(places_um, self._frequencies)).astype(np.complex64)
        seen: Complex = kernel @ waves @ kernel.T
        light = (seen.real**2 + seen.imag**2).sum(axis=0)
        return np.asarray(light / PERIOD_UM**4, np.float32)


def _mask(optics: Optics, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    return helix_phase(optics, y, x) if optics.phase_mask == "double-helix" else np.zeros_like(y)


def _dipoles(
    optics: Optics, sine: NDArray[np.float64], azimuth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``(5, Y, X)``: fields along x and y of dipoles along x, y and z, squares of which add up.

    That of one along x in y is that of one along y in x, so it stands there once with the weight
    of two.
    """
    indices = (optics.sample_index, _COVER_SLIP_INDEX, optics.immersion_index)
    # ``sine`` is that of the angle times the index, the same in all three media.
    sample, glass, immersion = (np.sqrt(1 - (sine / n) ** 2) for n in indices)
    n_s, n_g, n_i = indices
    across = 2 * n_s * sample / (n_s * sample + n_g * glass)
    across *= 2 * n_g * glass / (n_g * glass + n_i * immersion)
    along = 2 * n_s * sample / (n_s * glass + n_g * sample)
    along *= 2 * n_g * glass / (n_g * immersion + n_i * glass)
    flat, steep = along * sample, along * sine / n_s
    cos, sin = np.cos(azimuth), np.sin(azimuth)
    return np.stack(
        [
            flat * cos**2 + across * sin**2,
            math.sqrt(2) * (flat - across) * sin * cos,
            flat * sin**2 + across * cos**2,
            steep * cos,
            steep * sin,
        ]
    )
