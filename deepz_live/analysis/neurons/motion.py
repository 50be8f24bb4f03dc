"""Slight body motion taken out: frames of a recording laid on its first one.

As in the paper (Methods, "Tracking and quantification of C. elegans neuron activity"): features
and a projective transform. Finding it is :mod:`deepz_live.analysis.crossmodal`'s, which does the
same between two modalities.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.crossmodal.errors import CrossmodalError
from deepz_live.analysis.crossmodal.lateral import register_pictures
from deepz_live.analysis.crossmodal.views import mapped, sampled, view, working_scale

Image = NDArray[np.float32]
Matrix = NDArray[np.float64]

STILL: Matrix = np.eye(3)
STILL.flags.writeable = False


class Motion:
    """Finds how frames lie against a reference frame; not shared by threads.

    Parameters
    ----------
    reference
        ``(Y, X)``, any real dtype; of the channel whose brightness does not change.
    """

    def __init__(self, reference: NDArray[np.generic]) -> None:
        self.shape = (reference.shape[0], reference.shape[1])
        self._scale = working_scale((1, *self.shape))
        self._reference = view(reference[None], self._scale)

    def find(self, frame: NDArray[np.generic]) -> Matrix | None:
        """``(3, 3)``: takes ``(x, y, 1)`` of a reference pixel to the same place in ``frame``.

        ``frame`` is ``(Y, X)``. None where neither features nor phase correlation find the one in
        the other.
        """
        moving = view(frame[None], self._scale)
        try:
            found = register_pictures(self._reference.picture, moving.picture)
        except CrossmodalError:
            return None
        matrix = np.linalg.inv(moving.matrix) @ found.matrix @ self._reference.matrix
        return np.asarray(matrix / matrix[2, 2])


def laid_back(frame: NDArray[np.generic], matrix: Matrix) -> Image:
    """``frame`` ``(Y, X)`` as float32 on the reference's pixels, by cubic interpolation.

    Where the frame shows nothing of the reference its median stands.
    """
    values = np.asarray(frame, np.float32)
    if np.allclose(matrix, STILL, atol=1e-9):
        return values
    places = mapped(matrix, values.shape)
    return sampled(values, places, outside=float(np.median(values)), order=3)
