"""What a registration found, and what brings one stack onto the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from deepz_live.analysis.crossmodal.axial import Curve
from deepz_live.analysis.crossmodal.errors import CrossmodalError
from deepz_live.analysis.crossmodal.lateral import Way
from deepz_live.analysis.crossmodal.regions import Region, field
from deepz_live.analysis.crossmodal.views import Matrix, moved, sampled


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """How a moving stack (say confocal) lies against a fixed one (say wide-field).

    Attributes
    ----------
    matrix
        ``(3, 3)`` float64, projective, takes ``(x, y, 1)`` of a fixed pixel to the moving pixel
        that shows the same place (what scikit-image calls the inverse map of a warp).
    shift_px
        ``(y, x)`` fixed pixels: how far the moving stack's content at the centre of the fixed
        field lies down and right of where it is in the fixed stack, beyond what the two fields'
        sizes say when their first pixels' outer corners coincide.
    z_shift_um
        Content at height ``z`` of the fixed stack is at ``z + z_shift_um`` of the moving one,
        both counted from their planes 0.
    score
        0 … 1: correlation of the detail of both stacks, over all common planes, once aligned.
    curve
        Over the axial shift (``axial="planes"``), else the moving stack's focus curve.
    regions
        Fine displacements, region by region.
    way, model
        How the lateral transform was found, and which kind the evidence paid for: "shift",
        "rigid", "affine" or "projective".
    matches, agreeing
        Features that looked alike, and places among them that agree with the transform.
    """

    matrix: Matrix
    shift_px: tuple[float, float]
    z_shift_um: float
    score: float
    curve: Curve
    regions: tuple[Region, ...]
    way: Way
    model: str
    matches: int
    agreeing: int
    moving_step_um: float
    fixed_step_um: float

    def apply(
        self, moving: NDArray[np.generic], fixed_shape: tuple[int, int, int]
    ) -> NDArray[np.float32]:
        """``moving`` ``(Z, Y, X)`` on the voxels of the fixed stack.

        Cubic splines within planes and straight lines between them; values are not rescaled.

        Parameters
        ----------
        moving
            The stack that was registered, or another channel of it.
        fixed_shape
            ``(Z, Y, X)`` of the fixed stack, at the sampling that was registered.

        Returns
        -------
        ``fixed_shape`` float32, NaN where the moving stack has no data.

        Raises
        ------
        CrossmodalError
            A stack is not three-dimensional.
        """
        if moving.ndim != 3 or len(fixed_shape) != 3:
            raise CrossmodalError(
                f"Stacks of shape {moving.shape} and {fixed_shape} cannot be aligned; "
                "(Z, Y, X) is wanted."
            )
        places = self._places(fixed_shape[1:])
        out = np.full(fixed_shape, np.nan, np.float32)
        seen: dict[int, NDArray[np.float32]] = {}
        for index in range(fixed_shape[0]):
            height = (index * self.fixed_step_um + self.z_shift_um) / self.moving_step_um
            if not -1e-6 <= height <= len(moving) - 1 + 1e-6:
                continue
            below = min(int(max(height, 0)), max(len(moving) - 2, 0))
            needed = {below, min(below + 1, len(moving) - 1)}
            seen = {z: seen[z] if z in seen else self._plane(moving[z], places) for z in needed}
            part = np.float32(min(max(height - below, 0), 1))
            out[index] = seen[below] * (1 - part) + seen[max(needed)] * part
        return out

    def _places(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Where each fixed pixel ``(Y, X)`` is in the moving stack, ``(2, Y, X)``, fine too."""
        y, x = np.indices(shape, dtype=np.float64)
        return moved(self.matrix, np.stack([y, x]) + field(self.regions, shape))

    def _plane(
        self, plane: NDArray[np.generic], places: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        values = np.asarray(plane, np.float32)
        # Pixels of the fixed stack that are larger average over what they cover.
        coarser = float(np.sqrt(abs(np.linalg.det(self.matrix[:2, :2]))))
        if coarser > 1.1:
            values = ndimage.gaussian_filter(values, 0.5 * np.sqrt(coarser**2 - 1))
        return sampled(values, places, outside=np.nan, order=3)
