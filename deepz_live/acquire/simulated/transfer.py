"""Optical transfer function of the built-in microscope, over heights."""

from __future__ import annotations

import functools
from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.simulated import cache
from deepz_live.acquire.simulated.optics import optics_key
from deepz_live.acquire.simulated.point_psf import PsfGrid, hankel, point_rows, psf_grid
from deepz_live.config import Optics

Floats = NDArray[np.float32]


class Transfer:
    """What the optics do to a point source at each height, by spatial frequency.

    A circular PSF has a real transfer function of one variable. In wide field the light of a
    source is the same at every height (1 at frequency 0); confocal, it is 1 in focus and falls
    off above and below.
    """

    def __init__(self, rows: Floats, grid: PsfGrid, optics: Optics) -> None:
        self.grid = grid
        self._rows = rows.astype(np.float64)
        light = self._rows @ hankel(np.zeros(1), rows.shape[1], grid.row_step_um)[0]
        focus = len(light) // 2
        self._rows /= (light if optics.mode == "widefield" else light[focus : focus + 1])[:, None]
        self.cutoff = 2000 * optics.na / optics.emission_nm
        if optics.mode == "confocal":
            self.cutoff += 2000 * optics.na / optics.excitation_nm
        # Beyond what the rows can tell there is next to nothing.
        self.cutoff = min(self.cutoff, 0.5 / grid.row_step_um)

    def at(self, frequencies: NDArray[np.float64]) -> Floats:
        """``(K, H)`` at these radial frequencies (cycles per µm) and the heights of the grid."""
        kernel = hankel(frequencies, self._rows.shape[1], self.grid.row_step_um)
        return np.asarray(kernel @ self._rows.T, dtype=np.float32)


@functools.lru_cache(maxsize=4)
def transfer(optics: Optics) -> Transfer:
    """The transfer function; its PSF is computed once (seconds to a minute) and kept on disk.

    Raises
    ------
    MicroscopeError
        Numerical aperture not below the immersion index, no pixel size, or a phase mask, whose
        PSF is not circular.
    """
    if optics.phase_mask != "none":
        raise MicroscopeError(
            f"This sample cannot be shown through the phase mask {optics.phase_mask!r}; set "
            "specimen.kind to one of the beads, or optics.phase_mask to none."
        )
    grid = psf_grid(optics)
    shape = (len(grid.heights_um), round(grid.radius_um / grid.row_step_um) + 1)
    file = cache.cache_file("rows", [*optics_key(optics), metadata.version("psfmodels")])
    rows = cache.load(file, shape)
    if rows is None:
        rows = point_rows(optics, grid.heights_um, grid.radius_um).astype(np.float32)
        cache.save(file, rows)
    return Transfer(rows, grid, optics)
