"""The double-helix phase mask: vortices in annular zones of the pupil.

A vortex beam ``exp(i m φ)`` keeps its ring through focus; zones of different charge between whose
defocus phases a constant step lies give a pattern that turns with defocus instead of blurring
(S. Prasad, Opt. Lett. 38, 585, 2013). Odd charges only, and it has two lobes opposite each other
(C. Roider et al., Opt. Express 22, 4029, 2014).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from deepz_live.config import Optics

Floats = NDArray[np.float64]


def zone_count(optics: Optics) -> int:
    """Zones with which the lobes make about half a turn over ± ``mask_range_um``.

    Zone ``n`` of ``N`` has the charge ``2n - 1``. A defocus of ``z`` adds ``k z n_i (1 - cos θ)``,
    from zone to zone ``1 / N`` of its value at the rim, which turns the pattern by half of that: at
    ``2 π N`` between both ends of the range by ``π``. Beyond half a turn two equal lobes say
    the same of two heights.
    """
    index = optics.immersion_index
    rim = index - math.sqrt(index**2 - optics.na**2)
    span_um = 2 * optics.mask_range_um
    return max(math.ceil(rim * span_um / (optics.emission_nm / 1000)), 2)


def helix_phase(optics: Optics, y: Floats, x: Floats) -> Floats:
    """Phase of the mask, rad, at places of the pupil given in units of NA (``y² + x² <= na²``).

    Zones are equal in defocus phase, ``n_i - sqrt(n_i² - y² - x²)``, so that the pattern turns
    evenly; at low apertures that is Prasad's ``ρ = sqrt(n / N)``.
    """
    index, zones = optics.immersion_index, zone_count(optics)
    inside = np.minimum(y * y + x * x, optics.na**2)
    rim = index - math.sqrt(index**2 - optics.na**2)
    share = (index - np.sqrt(index**2 - inside)) / rim
    number = np.clip(np.ceil(share * zones), 1, zones)
    return np.asarray((2 * number - 1) * np.arctan2(y, x))
