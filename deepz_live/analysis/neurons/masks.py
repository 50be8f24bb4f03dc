"""Where the neurons are: local maxima of the structure's stack and watershed masks around them.

Paper, Methods, "Tracking and quantification of C. elegans neuron activity".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from deepz_live.analysis.neurons.errors import NeuronsError

FLAT = 1e-4
"""Rises below this share of the brightest voxel are rounding."""
Volume = NDArray[np.float32]
Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Search:
    """How neurons are looked for; lengths in µm.

    Attributes
    ----------
    detail_um, detail_axial_um
        Radius of the balls that are looked for, sideways and along z. Smaller than a nucleus:
        so neighbours that touch are told apart; larger than the noise.
    apart_um, above_um
        Of maxima nearer than ``apart_um`` sideways and ``above_um`` along z only the strongest
        counts: a lens does not see one nucleus through another, and a virtual stack may repeat
        at another depth what it shows at one.
    least
        A maximum must rise above its surroundings by this share of what the strongest do.
    reach_um, reach_axial_um
        How far a mask reaches at most from its maximum: the core of a cell, where least light of
        its neighbours arrives. Under a 20×/0.75 that is fewer than the 100 voxels that the paper
        reads; masks that hold those reach into the light of cells around.
    """

    detail_um: float = 0.8
    detail_axial_um: float = 1.5
    apart_um: float = 1.0
    above_um: float = 3.0
    least: float = 0.25
    reach_um: float = 0.75
    reach_axial_um: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Neurons in a stack, numbered from 1.

    Attributes
    ----------
    labels
        ``(Z, Y, X)`` int32: the number of the neuron each voxel belongs to, 0 for none.
    centres
        ``(N, 3)`` (z, y, x) of the maxima, in voxels, below the voxel where there is room.
    """

    labels: Labels
    centres: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.centres)


def find_neurons(
    stack: Volume, pixel_size_um: float, z_step_um: float, search: Search | None = None
) -> Masks:
    """Neurons in the median over time of the structure channel.

    Parameters
    ----------
    stack
        ``(Z, Y, X)``; with a single plane the search is in two dimensions, as the paper's
        comparison with the input images.
    pixel_size_um, z_step_um
        Sampling.

    Raises
    ------
    NeuronsError
        The stack is flat, not finite, or not ``(Z, Y, X)``.
    """
    search = search or Search()
    _check(stack)
    voxel = (z_step_um, pixel_size_um, pixel_size_um)
    # Cut-off kernels pass a little of what is the same everywhere; so it is taken away.
    above = np.asarray(stack - np.median(stack), np.float32)
    rise = _rise(above, voxel, search)
    top = float(np.quantile(rise[rise > 0], 0.999)) if (rise > 0).any() else 0.0
    if top <= FLAT * float(np.abs(above).max()):
        raise NeuronsError(
            "Nothing in the structure channel rises above its surroundings, so there is no neuron "
            "to be found; check focus, exposure and which channel shows the nuclei."
        )
    floor = search.least * top
    peaks = _apart(rise, voxel, search, floor)
    labels = _grown(rise, peaks, voxel, search, floor)
    return Masks(labels, _between(rise, peaks))


def _check(stack: Volume) -> None:
    if stack.ndim != 3 or min(stack.shape) < 1:
        raise NeuronsError(f"A stack of shape {stack.shape} was given; (Z, Y, X) is wanted.")
    if not np.isfinite(stack).all():
        raise NeuronsError("The stack holds values that are no number; neurons need finite ones.")


def _rise(stack: Volume, voxel: tuple[float, ...], search: Search) -> Volume:
    """How far each voxel stands above its surroundings on the scale of a nucleus.

    Minus the Laplacian of Gaussian has its maximum at the centre of a ball of radius r for
    sigma = r / sqrt(dimensions) (Lindeberg 1998); along z the depth of field adds to the ball.
    """
    dimensions = 3 if len(stack) > 1 else 2
    sizes = (search.detail_axial_um, search.detail_um, search.detail_um)
    sigma = [size / np.sqrt(dimensions) / v for size, v in zip(sizes, voxel, strict=True)]
    rise = np.zeros_like(stack)
    for axis in range(3 - dimensions, 3):
        order = [0, 0, 0]
        order[axis] = 2
        used = sigma if dimensions == 3 else [0.0, *sigma[1:]]
        second = ndimage.gaussian_filter(stack, used, order=order, mode="nearest")
        rise -= np.float32(sigma[axis] ** 2) * second
    return rise


def _apart(
    rise: Volume, voxel: tuple[float, ...], search: Search, floor: float
) -> NDArray[np.intp]:
    """``(N, 3)`` voxels of the local maxima above ``floor``, strongest first."""
    found = np.asarray(peak_local_max(rise, threshold_abs=floor, exclude_border=False), np.intp)
    places = found * np.array(voxel)
    kept: list[int] = []
    for number, place in enumerate(places):
        away = np.abs(places[kept] - place)
        aside = np.hypot(away[:, 1], away[:, 2])
        if not ((aside < search.apart_um) & (away[:, 0] < search.above_um)).any():
            kept.append(number)
    return found[kept]


def _grown(
    rise: Volume,
    peaks: NDArray[np.intp],
    voxel: tuple[float, ...],
    search: Search,
    floor: float,
) -> Labels:
    """Watershed from the maxima, no further from them than a nucleus reaches."""
    seeds = np.zeros(rise.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    sizes = (search.reach_axial_um, search.reach_um, search.reach_um)
    sampling = [v / size for v, size in zip(voxel, sizes, strict=True)]
    if not len(peaks):
        return seeds
    near = ndimage.distance_transform_edt(seeds == 0, sampling=sampling) <= 1.0
    near &= rise > floor / 4
    near |= seeds > 0
    return np.asarray(watershed(-rise, seeds, mask=near), np.int32)


def _between(rise: Volume, peaks: NDArray[np.intp]) -> NDArray[np.float64]:
    """Tops of parabolas through each maximum and its neighbours along every axis."""
    centres = peaks.astype(np.float64)
    for axis, length in enumerate(rise.shape):
        inner = (peaks[:, axis] > 0) & (peaks[:, axis] < length - 1)
        at = peaks[inner]
        step = np.zeros(3, np.intp)
        step[axis] = 1
        left, top, right = (rise[tuple((at + k * step).T)] for k in (-1, 0, 1))
        bend = left - 2 * top + right
        safe = np.where(bend < 0, bend, -1.0)
        shift = np.where(bend < 0, 0.5 * (left - right) / safe, 0.0)
        centres[inner, axis] += np.clip(shift, -0.5, 0.5)
    return centres
