"""Camera counts to network numbers and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from skimage.filters import threshold_triangle

from deepz_live.config import Settings


class NormalizationError(ValueError):
    """The reference image has no contrast to normalise by."""


class Normalization(Settings):
    """Background subtraction and scale, as in the paper's Methods, and its inverse.

    Attributes
    ----------
    background_counts
        Mean of the pixels below the triangle threshold of the reference, camera counts.
    scale_counts
        Counts above background that become 1: one per cent of the foreground exceeds it.
    """

    background_counts: float
    scale_counts: float = Field(gt=0)

    @classmethod
    def fit(cls, reference: NDArray[np.generic], saturated: float = 0.01) -> Normalization:
        """Fit on a reference image, the EDF of a stack or, failing that, the image itself.

        Parameters
        ----------
        reference
            ``(Y, X)`` or several references stacked ``(N, Y, X)``, camera counts.
        saturated
            Share of the foreground that may exceed 1 (paper: 1 %).

        Raises
        ------
        NormalizationError
            The reference is flat or not finite.
        """
        values = np.asarray(reference, np.float32)
        if not np.isfinite(values).all():
            raise NormalizationError("The image holds NaN or infinite pixels; capture it again.")
        if values.max() == values.min():
            raise NormalizationError(
                f"The image is flat (every pixel is {values.flat[0]:g} counts), so there is no "
                "signal to scale by; check shutter, exposure and focus."
            )
        threshold = threshold_triangle(values)
        foreground = values > threshold
        background = float(values[~foreground].mean())
        scale = float(np.quantile(values[foreground] - background, 1 - saturated))
        return cls(background_counts=background, scale_counts=scale)

    def forward(
        self, counts: ArrayLike, out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Camera counts to network numbers: ``(counts - background) / scale``, float32.

        ``out`` gets the result where it is given, and is returned.
        """
        values: NDArray[np.float32] = np.subtract(
            counts, np.float32(self.background_counts), out=out, dtype=np.float32
        )
        values /= np.float32(self.scale_counts)
        return values

    def inverse(self, values: ArrayLike) -> NDArray[np.float32]:
        """Network numbers to camera counts, float32, not clipped."""
        return np.asarray(values, np.float32) * np.float32(self.scale_counts) + np.float32(
            self.background_counts
        )
