"""Images of beads by the built-in microscope, as radial profiles over defocus.

The PSF is circularly symmetric, so one radial profile a height holds all of it, and a bead at
any sub-pixel position is read from it exactly.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from deepz_live.acquire.simulated import cache
from deepz_live.acquire.simulated.point_psf import PsfGrid, point_rows, psf_grid
from deepz_live.config import Optics

RADIUS_STEP_UM = 0.02
BEAD_RADIUS_UM = 0.15
_VERSION = 2

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PsfTable:
    """Image of a 300 nm bead by height above the focal plane.

    Attributes
    ----------
    heights_um
        ``(H,)`` height of the bead above the focal plane, in even steps (0.25 µm, -32 … +32 µm
        for the default optics).
    profiles
        ``(H, R)`` light falling on a pixel by its distance from the bead's centre, in steps of
        ``radius_step_um``; 1 for the central pixel in focus. In wide field the light
        summed over all pixels is the same at every height.
    reach_um
        ``(H,)`` distance within which all but half a percent of the light falls.
    """

    heights_um: Floats
    profiles: Floats
    reach_um: Floats
    radius_step_um: float = RADIUS_STEP_UM

    def at(self, height_um: float) -> tuple[Floats, float]:
        """Profile ``(R,)`` and reach in µm at one height, interpolated linearly along z.

        A height beyond the table is shown as the table's end.
        """
        last = len(self.heights_um) - 1
        step = float(self.heights_um[1] - self.heights_um[0])
        place = (height_um - float(self.heights_um[0])) / step
        place = min(max(place, 0.0), float(last))
        low = min(int(place), last - 1)
        weight = np.float32(place - low)
        profile = self.profiles[low] * (1 - weight) + self.profiles[low + 1] * weight
        return profile, float(max(self.reach_um[low], self.reach_um[low + 1]))

    def image(
        self, height_um: float, shape: tuple[int, int], centre_px: tuple[float, float], pixel: float
    ) -> Floats:
        """Bead image ``(Y, X)``, its centre at ``centre_px`` (y, x), pixels of ``pixel`` µm."""
        y = (np.arange(shape[0], dtype=np.float32) - np.float32(centre_px[0])) * np.float32(pixel)
        x = (np.arange(shape[1], dtype=np.float32) - np.float32(centre_px[1])) * np.float32(pixel)
        return read_profile(self.at(height_um)[0], self.radius_step_um, y, x)

    def reach_at(self, height_um: float) -> float:
        """Distance in µm within which all but half a percent of the light falls."""
        return self.at(height_um)[1]

    def patch(self, height_um: float, y_um: Floats, x_um: Floats, peak: float = 1.0) -> Floats:
        """``(Y, X)`` at offsets ``(Y,)`` and ``(X,)`` µm from the bead's centre."""
        profile = self.at(height_um)[0] * np.float32(peak)
        return read_profile(profile, self.radius_step_um, y_um, x_um)


def read_profile(profile: Floats, step_um: float, y_um: Floats, x_um: Floats) -> Floats:
    """``profile`` over a grid: ``(Y, X)`` from offsets ``(Y,)`` and ``(X,)`` in µm."""
    place = np.sqrt((y_um * y_um)[:, None] + (x_um * x_um)[None, :])
    place *= np.float32(1.0 / step_um)
    np.minimum(place, np.float32(len(profile) - 2), out=place)
    index = place.astype(np.int32)
    place -= index
    slope = np.diff(profile)
    place *= slope[index]
    place += profile[index]
    return place


@functools.lru_cache(maxsize=8)
def psf_table(optics: Optics) -> PsfTable:
    """The table for these optics; computed once (seconds) and kept in the user's cache folder.

    Raises
    ------
    MicroscopeError
        Numerical aperture not below the immersion index, or no pixel size.
    """
    grid = psf_grid(optics)
    shape = (len(grid.heights_um), round(grid.radius_um / RADIUS_STEP_UM))
    file = _cache_file(optics)
    profiles = cache.load(file, shape)
    if profiles is None:
        profiles = _compute(optics, grid)
        cache.save(file, profiles)
    return _table(profiles, grid)


def _table(profiles: Floats, grid: PsfGrid) -> PsfTable:
    heights = grid.heights_um.astype(np.float32)
    radii = np.arange(profiles.shape[1], dtype=np.float32) * RADIUS_STEP_UM
    light = np.cumsum(profiles * radii, axis=1)
    reach = radii[np.argmax(light >= 0.995 * light[:, -1:], axis=1)]
    return PsfTable(heights, profiles, reach)


def _compute(optics: Optics, grid: PsfGrid) -> Floats:
    """Profiles ``(H, R)`` of bead on pixel, from the model's central rows."""
    heights = grid.heights_um
    rows = point_rows(optics, heights, grid.radius_um + 1.0)
    pixel_um = optics.pixel_size_um or 0.0
    profiles = np.stack([_on_pixels(row, pixel_um, grid) for row in rows])
    focus = np.argmin(np.abs(heights))
    if optics.mode == "widefield":
        radii = np.arange(profiles.shape[1]) * RADIUS_STEP_UM
        light = (profiles * radii).sum(axis=1)
        # Within the radius all light is there up to half the range; beyond it some leaves the disc.
        inside = np.abs(heights) <= grid.limit_um / 2
        profiles *= np.where(inside, light[focus] / light, 1.0)[:, None]
    return np.asarray(profiles / profiles[focus, 0], dtype=np.float32)


def _on_pixels(row: NDArray[np.float64], pixel_um: float, grid: PsfGrid) -> NDArray[np.float64]:
    """Profile of a bead seen by square pixels, averaged over directions.

    The bead is a ring with a sphere's lateral spread (variance R²/5 an axis); its light is
    integrated over the pixel by a 3 x 3 Gauss-Legendre rule.
    """
    known = np.arange(len(row)) * grid.row_step_um
    curve = CubicSpline(
        np.concatenate([-known[:0:-1], known]), np.concatenate([row[:0:-1], row]), bc_type="natural"
    )
    nodes, weights = np.polynomial.legendre.leggauss(3)
    radii = np.arange(round(grid.radius_um / RADIUS_STEP_UM)) * RADIUS_STEP_UM
    ring = BEAD_RADIUS_UM * np.sqrt(0.4)
    # Halfway between a pixel's side and its diagonal stands for all directions.
    along, across = radii * np.cos(np.pi / 8), radii * np.sin(np.pi / 8)
    total = np.zeros_like(radii)
    for angle in np.arange(5) * (2 * np.pi / 5):
        for i, j in np.ndindex(3, 3):
            x = along + nodes[i] * pixel_um / 2 + ring * np.cos(angle)
            y = across + nodes[j] * pixel_um / 2 + ring * np.sin(angle)
            total += weights[i] * weights[j] / 4 * curve(np.hypot(y, x))
    return total / 5


def _cache_file(optics: Optics) -> Path:
    key = [*optics_key(optics), BEAD_RADIUS_UM, metadata.version("psfmodels")]
    return cache.cache_file("psf", key)


def optics_key(optics: Optics) -> list[object]:
    """What a PSF depends on, for the name of its cache file."""
    key: list[object] = [
        _VERSION,
        optics.na,
        optics.immersion_index,
        optics.sample_index,
        optics.depth_um,
        optics.emission_nm,
        optics.pixel_size_um,
    ]
    if optics.mode == "confocal":
        key += [optics.mode, optics.excitation_nm, optics.pinhole_au]
    if optics.phase_mask != "none":
        key += [optics.phase_mask, optics.mask_range_um]
    return key
