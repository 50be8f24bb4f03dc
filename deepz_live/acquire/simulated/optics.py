"""Point spread function of the built-in microscope, as radial profiles over defocus.

The vectorial model of Aguet et al. (Opt. Express 17, 6829, 2009), as computed by `psfmodels`,
for an unpolarised point source: such a PSF is circularly symmetric, so one radial profile a
height holds all of it, and a bead at any sub-pixel position is read from it exactly.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import platformdirs
import psfmodels
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.config import Optics

HEIGHT_LIMIT_UM = 32.0
HEIGHT_STEP_UM = 0.25
RADIUS_UM = 30.0
RADIUS_STEP_UM = 0.02
BEAD_RADIUS_UM = 0.15
WORKING_DISTANCE_UM = 1000.0
_MODEL_PIXEL_UM = 0.15
_VERSION = 2

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PsfTable:
    """Image of a 300 nm bead by height above the focal plane.

    Attributes
    ----------
    heights_um
        ``(H,)`` height of the bead above the focal plane, -32 … +32 µm in 0.25 µm steps.
    profiles
        ``(H, R)`` light falling on a pixel by its distance from the bead's centre, in steps of
        ``radius_step_um``; 1 for the central pixel in focus. The light summed over all pixels
        is the same at every height.
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
        place = (height_um - float(self.heights_um[0])) / HEIGHT_STEP_UM
        place = min(max(place, 0.0), float(last))
        low = min(int(place), last - 1)
        weight = np.float32(place - low)
        profile = self.profiles[low] * (1 - weight) + self.profiles[low + 1] * weight
        return profile, float(max(self.reach_um[low], self.reach_um[low + 1]))

    def image(
        self, height_um: float, shape: tuple[int, int], centre_px: tuple[float, float], pixel: float
    ) -> Floats:
        """Bead image ``(Y, X)``, its centre at ``centre_px`` (y, x), pixels of ``pixel`` µm."""
        profile, _ = self.at(height_um)
        y = (np.arange(shape[0], dtype=np.float32) - np.float32(centre_px[0])) * np.float32(pixel)
        x = (np.arange(shape[1], dtype=np.float32) - np.float32(centre_px[1])) * np.float32(pixel)
        return read_profile(profile, self.radius_step_um, y, x)


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
    if optics.na >= optics.immersion_index:
        raise MicroscopeError(
            f"Optics with na = {optics.na:g} cannot be built at immersion_index = "
            f"{optics.immersion_index:g}; set optics.na below it or name the immersion's index."
        )
    if optics.pixel_size_um is None:
        raise MicroscopeError(
            "Optics have no pixel size, but the built-in camera needs one; "
            "set optics.pixel_size_um, e.g. 0.325."
        )
    file = _cache_file(optics)
    profiles = _load(file)
    if profiles is None:
        profiles = _compute(optics, optics.pixel_size_um)
        _save(file, profiles)
    return _table(profiles)


def _table(profiles: Floats) -> PsfTable:
    heights = np.arange(len(profiles), dtype=np.float32) * HEIGHT_STEP_UM - HEIGHT_LIMIT_UM
    radii = np.arange(profiles.shape[1], dtype=np.float32) * RADIUS_STEP_UM
    light = np.cumsum(profiles * radii, axis=1)
    reach = radii[np.argmax(light >= 0.995 * light[:, -1:], axis=1)]
    return PsfTable(heights, profiles, reach)


def _compute(optics: Optics, pixel_um: float) -> Floats:
    """Profiles ``(H, R)`` of bead on pixel, from the model's central rows."""
    focus = _best_focus(optics)
    count = round(2 * HEIGHT_LIMIT_UM / HEIGHT_STEP_UM) + 1
    heights = np.linspace(-HEIGHT_LIMIT_UM, HEIGHT_LIMIT_UM, count)
    # The model counts z as the focal plane's depth: a bead above the plane is at lower depth.
    rows = _rows(optics, focus - heights, RADIUS_UM + 1.0)
    profiles = np.stack([_on_pixels(row, pixel_um) for row in rows])
    radii = np.arange(profiles.shape[1]) * RADIUS_STEP_UM
    light = (profiles * radii).sum(axis=1)
    inside = np.abs(heights) <= HEIGHT_LIMIT_UM / 2
    # Within the radius all light is there up to half the range; beyond it some leaves the disc.
    scale = np.where(inside, light[np.argmin(np.abs(heights))] / light, 1.0)
    profiles *= scale[:, None]
    peak = profiles[np.argmin(np.abs(heights)), 0]
    return np.asarray(profiles / peak, dtype=np.float32)


def _best_focus(optics: Optics) -> float:
    """Focal depth µm at which the model's peak is highest."""
    span = 4.0 + optics.depth_um
    depths = np.arange(max(optics.depth_um - span, 0.0), optics.depth_um + span, 0.05)
    peaks = _rows(optics, depths, 1.0)[:, 0]
    return float(depths[np.argmax(peaks)])


def _rows(optics: Optics, depths_um: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Model intensity from the axis outwards, ``(Z, R)``, in steps of the model's pixel."""
    half = round(radius / _MODEL_PIXEL_UM)
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
            dxy=_MODEL_PIXEL_UM,
            pz=optics.depth_um,
            wvl=optics.emission_nm / 1000,
            params=parameters,
            normalize=False,
        )
        rows.append(block[:, half, half:])
    return np.concatenate(rows)


def _on_pixels(row: NDArray[np.float64], pixel_um: float) -> NDArray[np.float64]:
    """Profile of a bead seen by square pixels, averaged over directions.

    The bead is a ring with a sphere's lateral spread (variance R²/5 an axis); its light is
    integrated over the pixel by a 3 x 3 Gauss-Legendre rule.
    """
    known = np.arange(len(row)) * _MODEL_PIXEL_UM
    curve = CubicSpline(
        np.concatenate([-known[:0:-1], known]), np.concatenate([row[:0:-1], row]), bc_type="natural"
    )
    nodes, weights = np.polynomial.legendre.leggauss(3)
    radii = np.arange(round(RADIUS_UM / RADIUS_STEP_UM)) * RADIUS_STEP_UM
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
    key = [
        _VERSION,
        optics.na,
        optics.immersion_index,
        optics.sample_index,
        optics.depth_um,
        optics.emission_nm,
        optics.pixel_size_um,
        BEAD_RADIUS_UM,
        metadata.version("psfmodels"),
    ]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("deepz-live", False)) / f"psf-{digest}.npz"


def _load(file: Path) -> Floats | None:
    """The cached profiles, or None where they are missing, damaged or of another size."""
    shape = (
        round(2 * HEIGHT_LIMIT_UM / HEIGHT_STEP_UM) + 1,
        round(RADIUS_UM / RADIUS_STEP_UM),
    )
    try:
        with np.load(file, allow_pickle=False) as data:
            profiles = np.asarray(data["profiles"], dtype=np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return profiles if profiles.shape == shape and np.isfinite(profiles).all() else None


def _save(file: Path, profiles: Floats) -> None:
    """Keep the profiles; a cache that cannot be written only costs the next start its seconds."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            np.savez_compressed(stream, profiles=profiles)
        Path(name).replace(file)
    except OSError:
        return
