"""A surface of any shape, kept as heights on a coarse grid: drawn by hand, or found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from deepz_live.image.dpm import Dpm, Surface, SurfaceError, as_dpm, centred_grid

SPACING_UM = 8.0
"""Between the heights of a drawn surface: a field of 166 µm has 22 x 22 of them."""
MOST_NODES = 64
"""A side; over larger fields the heights lie further apart."""


@dataclass(frozen=True, slots=True)
class Free:
    """Heights ``(R, C)`` in µm on a grid, ``spacing_um`` apart, its middle on the image's centre.

    Between them a cubic spline; beyond the outermost ones their heights continue.
    """

    heights_um: tuple[tuple[float, ...], ...]
    spacing_um: float

    @classmethod
    def like(
        cls,
        surface: Surface,
        shape: tuple[int, int],
        pixel_size_um: float,
        spacing_um: float = SPACING_UM,
    ) -> Free:
        """``surface`` as a grid that covers an image of ``shape`` pixels.

        Raises
        ------
        SurfaceError
            The surface cannot be made for such an image.
        """
        rows, columns, spacing = grid_for(shape, pixel_size_um, spacing_um)
        # Coordinates start at the centre: a small image with large pixels has the nodes' heights.
        return cls.of(surface.dpm((rows, columns), spacing), spacing)

    @classmethod
    def of(cls, heights_um: NDArray[np.floating], spacing_um: float) -> Free:
        """From an array ``(R, C)`` in µm, rounded to nanometres."""
        values = np.round(np.asarray(heights_um, np.float64), 3)
        return cls(tuple(tuple(float(z) for z in row) for row in values), spacing_um)

    def raised(self, y_um: float, x_um: float, by_um: float, radius_um: float) -> Free:
        """With a hill of ``by_um`` (a dale where negative) pulled up at a place.

        The hill is a Gaussian whose standard deviation is half of ``radius_um``, and never
        narrower than the grid can hold.
        """
        y, x = centred_grid(self._shape, self.spacing_um)
        sigma = max(radius_um / 2, 0.75 * self.spacing_um)
        hill = by_um * np.exp(-((y - y_um) ** 2 + (x - x_um) ** 2) / (2 * sigma**2))
        return Free.of(self._array() + hill, self.spacing_um)

    def moved(self, dz_um: float, dy_um: float, dx_um: float) -> Free:
        """What lies ``(dz, dy, dx)`` further, brought back by as much."""
        if dz_um == dy_um == dx_um == 0:
            return self
        y, x = centred_grid(self._shape, self.spacing_um)
        return Free.of(self._at(y + dy_um, x + dx_um) - dz_um, self.spacing_um)

    def dpm(self, shape: tuple[int, int], pixel_size_um: float) -> Dpm:
        """``(Y, X)`` float32, µm.

        Raises
        ------
        SurfaceError
            No heights, rows of unequal length, values that are no number, or no spacing.
        """
        return as_dpm(self._at(*centred_grid(shape, pixel_size_um)))

    def _at(self, y_um: NDArray[np.float64], x_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights ``(Y, X)`` over rows at ``y_um`` and columns at ``x_um``, both ascending."""
        heights = self._array()
        if not self.spacing_um > 0 or not np.isfinite(heights).all():
            raise SurfaceError(
                f"A drawn surface needs finite heights and a spacing above 0 µm, but has a spacing "
                f"of {self.spacing_um:g} µm and {int((~np.isfinite(heights)).sum())} height(s) "
                "that are no number."
            )
        axes = [
            np.clip(axis.ravel(), -reach, reach)
            for axis, reach in zip(
                (y_um, x_um), (self.spacing_um * (n - 1) / 2 for n in self._shape), strict=True
            )
        ]
        nodes = [axis.ravel() for axis in centred_grid(self._shape, self.spacing_um)]
        # A spline needs two nodes along an axis: a single row or column is laid twice.
        for axis, node in enumerate(nodes):
            if len(node) == 1:
                nodes[axis] = np.array([0.0, 1.0])
                heights = np.repeat(heights, 2, axis=axis)
        order = [min(3, len(node) - 1) for node in nodes]
        spline = RectBivariateSpline(*nodes, heights, kx=order[0], ky=order[1])
        return np.asarray(spline(*axes), np.float64)

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.heights_um), len(self.heights_um[0])

    def _array(self) -> NDArray[np.float64]:
        lengths = {len(row) for row in self.heights_um}
        if len(lengths) != 1 or 0 in lengths:
            raise SurfaceError(
                f"A drawn surface needs rows of one length, but has rows of {sorted(lengths)}."
            )
        return np.array(self.heights_um, np.float64)


def grid_for(
    shape: tuple[int, int], pixel_size_um: float, spacing_um: float = SPACING_UM
) -> tuple[int, int, float]:
    """Rows, columns and spacing in µm of a grid that covers an image of ``shape`` pixels."""
    sides = [(n - 1) * pixel_size_um for n in shape]
    spacing = max(spacing_um, max(sides) / (MOST_NODES - 1))
    rows, columns = (math.ceil(side / spacing - 1e-9) + 1 for side in sides)
    return rows, columns, spacing
