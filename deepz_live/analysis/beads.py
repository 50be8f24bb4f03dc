"""Width of beads: lateral and axial FWHM by Gaussian fits (paper Eq. 6 to 9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass, label
from scipy.optimize import curve_fit

FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))
CROP_PX = 30
"""Side of the region around a bead that is fitted (paper: 30 x 30 pixels)."""


@dataclass(frozen=True)
class BeadFit:
    """One fitted bead.

    Attributes
    ----------
    y_px, x_px
        Centre in the image.
    fwhm_um
        Mean of the widths along both fitted axes.
    amplitude
        Height above background, in the unit of the image.
    """

    y_px: float
    x_px: float
    fwhm_um: float
    amplitude: float


def find_beads(image: NDArray[np.floating], threshold: float) -> NDArray[np.float64]:
    """Centroids ``(N, 2)`` (y, x) in pixels of the connected components above ``threshold``.

    Components of a single pixel are noise; those closer to the rim than half a crop, or to each
    other than a crop, are left out, since a fit would see two beads or a cut one.
    """
    labels, count = label(image > threshold)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    kept = np.flatnonzero(sizes > 1) + 1
    if not len(kept):
        return np.empty((0, 2))
    centres = np.array(center_of_mass(np.maximum(image - threshold, 0), labels, kept))
    return isolated(centres, image.shape[:2])


def beads_in_stack(
    planes: NDArray[np.generic], threshold: float = 0.2
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Beads of a stack with nothing near, and the plane in which each is in focus.

    Found in the maximum along z, above ``threshold`` of the way from its median to its brightest
    pixel. A bead whose brightest plane is the first or the last has its focus elsewhere.

    Parameters
    ----------
    planes
        ``(Z, Y, X)``.

    Returns
    -------
    Centres ``(N, 2)`` (y, x) in pixels, and planes ``(N,)``.
    """
    brightest = planes.max(axis=0).astype(np.float64)
    floor = float(np.median(brightest))
    centres = find_beads(brightest, floor + threshold * (float(brightest.max()) - floor))
    rows, columns = (np.rint(centres[:, axis]).astype(int) - 1 for axis in (0, 1))
    height, width = planes.shape[1:]
    around = [
        planes[:, (rows + dy).clip(0, height - 1), (columns + dx).clip(0, width - 1)]
        for dy, dx in np.ndindex(3, 3)
    ]
    focus = np.asarray(around, np.float64).sum(axis=0).argmax(axis=0)
    inside = (focus > 0) & (focus < len(planes) - 1)
    return centres[inside], focus[inside]


def isolated(
    centres: NDArray[np.float64], shape: tuple[int, ...], crop_px: int = CROP_PX
) -> NDArray[np.float64]:
    """Those of ``centres`` ``(N, 2)`` whose crop holds no other and lies within the image."""
    half = crop_px / 2
    limits = np.array(shape)
    inside = ((centres >= half) & (centres < limits - half)).all(axis=1)
    apart = np.abs(centres[:, None] - centres[None]).max(axis=2)
    np.fill_diagonal(apart, np.inf)
    lonely = apart.min(axis=1, initial=np.inf) > half
    return np.asarray(centres[inside & lonely])


def lateral_fwhm(
    image: NDArray[np.floating], centres: NDArray[np.float64], pixel_size_um: float
) -> list[BeadFit]:
    """2D Gaussian fit (paper Eq. 6, 7) around each of ``centres`` ``(N, 2)``.

    ``image`` is ``(Y, X)``; beads that cannot be fitted are left out, so that
    ``len(centres) - len(result)`` is the number of failures.
    """
    fits = []
    for centre in centres:
        y0, x0 = (round(float(c)) - CROP_PX // 2 for c in centre)
        crop = np.asarray(image[y0 : y0 + CROP_PX, x0 : x0 + CROP_PX], np.float64)
        found = _fit(crop, (float(centre[0]) - y0, float(centre[1]) - x0))
        if found is not None:
            amplitude, y, x, sigma_y, sigma_x = found
            width = FWHM_PER_SIGMA * (sigma_x + sigma_y) / 2 * pixel_size_um
            fits.append(BeadFit(y0 + y, x0 + x, width, amplitude))
    return fits


def axial_fwhm(
    planes: NDArray[np.floating], centres: NDArray[np.float64], z_step_um: float
) -> NDArray[np.float64]:
    """2D Gaussian fit of the x-z slice through each of ``centres`` (paper Eq. 8, 9).

    Parameters
    ----------
    planes
        ``(Z, Y, X)``.
    centres
        ``(N, 2)`` (y, x) in pixels.

    Returns
    -------
    ``(N,)`` µm; NaN where there is no fit.
    """
    widths = []
    for y, x in centres:
        left = max(0, round(float(x)) - CROP_PX // 2)
        slice_xz = np.asarray(planes[:, round(float(y)), left : left + CROP_PX], np.float64)
        peak = np.unravel_index(np.argmax(slice_xz), slice_xz.shape)
        found = _fit(slice_xz, (float(peak[0]), float(x) - left))
        widths.append(np.nan if found is None else FWHM_PER_SIGMA * found[3] * z_step_um)
    return np.array(widths)


def _fit(
    crop: NDArray[np.float64], start: tuple[float, float]
) -> tuple[float, float, float, float, float] | None:
    """Amplitude, centre (row, column), sigma (row, column) of a Gaussian on a constant.

    None where there is no peak, the fit does not converge, or ends at one of its limits: then it
    describes something else than a bead.
    """
    rows, columns = (grid.ravel().astype(np.float64) for grid in np.indices(crop.shape))
    floor = float(np.median(crop))
    peak = float(crop.max()) - floor
    if not np.isfinite(peak) or peak <= 0:
        return None

    def parts(a: float, r: float, c: float, sr: float, sc: float, b: float) -> _Parts:
        down, across = (rows - r) / sr, (columns - c) / sc
        return _Parts(a, b, sr, sc, down, across, np.exp(-(down**2 + across**2) / 2))

    size = float(max(crop.shape))
    lowest = np.array([0, -1, -1, 0.2, 0.2, -np.inf])
    highest = np.array([np.inf, *crop.shape, size, size, np.inf])
    try:
        best, _ = curve_fit(
            lambda _, *p: parts(*p).value(),
            None,
            crop.ravel(),
            p0=np.clip((peak, *start, 1.5, 1.5, floor), lowest, highest),
            jac=lambda _, *p: parts(*p).slopes(),
            bounds=(lowest, highest),
            maxfev=400,
        )
    except RuntimeError:
        return None
    near = 0.01 * np.where(np.isfinite(highest), highest, 0)
    if (best[1:5] <= lowest[1:5] * 1.01).any() or (best[1:5] >= (highest - near)[1:5]).any():
        return None
    a, r, c, sr, sc, _floor = (float(v) for v in best)
    return a, r, c, sr, sc


@dataclass(frozen=True)
class _Parts:
    """The pieces of the model that its value and its derivatives share."""

    height: float
    floor: float
    sigma_row: float
    sigma_column: float
    down: NDArray[np.float64]
    across: NDArray[np.float64]
    bell: NDArray[np.float64]

    def value(self) -> NDArray[np.float64]:
        return self.height * self.bell + self.floor

    def slopes(self) -> NDArray[np.float64]:
        """``(pixels, 6)``: by height, centre (row, column), sigma (row, column), floor."""
        hill = self.height * self.bell
        return np.column_stack(
            [
                self.bell,
                hill * self.down / self.sigma_row,
                hill * self.across / self.sigma_column,
                hill * self.down**2 / self.sigma_row,
                hill * self.across**2 / self.sigma_column,
                np.ones_like(hill),
            ]
        )
