"""How bright each neuron is over time, frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.neurons.errors import NeuronsError
from deepz_live.analysis.neurons.masks import Labels

BRIGHTEST = 100
"""Voxels of a mask that count (paper: the 100 brightest)."""
Floats = NDArray[np.float64]


class Reader:
    """Reads the brightness of neurons from one stack of the activity channel after another.

    Parameters
    ----------
    labels
        ``(Z, Y, X)`` masks, numbered from 1 without gaps, 0 for none.
    brightest
        Of each mask so many voxels count, all of them where it has fewer.

    Raises
    ------
    NeuronsError
        A number between 1 and the highest has no voxel.
    """

    def __init__(self, labels: Labels, brightest: int = BRIGHTEST) -> None:
        self._shape, self._most = labels.shape, brightest
        flat = labels.ravel()
        inside = np.flatnonzero(flat)
        self._voxels = inside[np.argsort(flat[inside], kind="stable")]
        sizes = np.bincount(flat[inside], minlength=1)[1:]
        if len(sizes) and sizes.min() == 0:
            raise NeuronsError(
                f"Mask {int(np.argmin(sizes)) + 1} of {len(sizes)} has no voxel; number the masks "
                "from 1 without gaps."
            )
        self._bounds = np.concatenate([[0], np.cumsum(sizes)])

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def read(self, stack: NDArray[np.floating]) -> Floats:
        """``(N,)`` mean of the brightest voxels of each mask in ``stack`` ``(Z, Y, X)``.

        Raises
        ------
        NeuronsError
            The stack has another shape than the masks.
        """
        if stack.shape != self._shape:
            raise NeuronsError(
                f"The masks have shape {self._shape}, the stack {stack.shape}; both must show the "
                "same field and planes."
            )
        values = np.asarray(stack).ravel()[self._voxels].astype(np.float64)
        means = np.empty(len(self))
        for number, (start, stop) in enumerate(zip(self._bounds, self._bounds[1:], strict=False)):
            part = values[start:stop]
            if len(part) > self._most:
                part = np.partition(part, len(part) - self._most)[-self._most :]
            means[number] = part.mean()
        return means


def changes(intensity: Floats, background: float = 0.0) -> tuple[Floats, Floats]:
    """ΔF and F₀ of intensities over time: F₀ is the time average (paper, Methods).

    Parameters
    ----------
    intensity
        ``(N, T)``.
    background
        What a voxel without fluorescence reads, in the same unit; it is taken off first, so that
        ΔF / F₀ does not depend on the camera's offset.

    Returns
    -------
    ``(N, T)`` and ``(N,)``.
    """
    above = np.asarray(intensity, np.float64) - background
    f0 = above.mean(axis=1)
    return above - f0[:, None], f0


def relative(delta_f: Floats, f0: Floats) -> Floats:
    """ΔF / F₀ ``(N, T)``; NaN for a neuron whose F₀ is not above zero."""
    safe = np.where(f0 > 0, f0, np.nan)
    return np.asarray(delta_f / safe[:, None])
