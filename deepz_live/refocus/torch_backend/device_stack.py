"""A virtual stack that stays on the device: only planes that are looked at come back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from deepz_live.image.normalization import Normalization
from deepz_live.refocus.cuts import SectionAxis
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.planes import check_range, position
from deepz_live.refocus.stack import Image, Projection


class DeviceStack:
    """See :class:`Stack`. ``planes`` ``(Z, Y, X)`` float32, normalised, on any device."""

    def __init__(
        self, planes: Tensor, z_planes_um: Sequence[float], inverse: Normalization
    ) -> None:
        self._planes = planes
        self._z_planes_um = z_planes_um
        self._inverse = inverse

    @property
    def shape(self) -> tuple[int, int, int]:
        """See :class:`Stack`."""
        depth, height, width = self._planes.shape
        return depth, height, width

    def bad_values(self) -> int:
        """See :class:`Stack`."""
        if bool(torch.isfinite(self._planes.sum())):
            return 0
        return int((~torch.isfinite(self._planes)).sum())

    def counts(self) -> Image:
        """See :class:`Stack`."""
        return self._converted(self._planes)

    def planes(self, distances_um: Sequence[float]) -> Image:
        """See :class:`Stack`."""
        check_range(distances_um, self._z_planes_um)
        if not len(distances_um):
            return np.empty((0, *self._planes.shape[1:]), np.float32)
        low, weight = position(np.asarray(distances_um, np.float64), self._z_planes_um)
        below, above = self._beside(low)
        w = self._sent(weight.astype(np.float32)).view(-1, 1, 1)
        return self._converted(self._planes[below] * (1 - w) + self._planes[above] * w)

    def surface(self, dpm: NDArray[np.floating]) -> Image:
        """See :class:`Stack`."""
        if dpm.shape != self.shape[1:]:
            raise RefocusError(
                f"The surface has {dpm.shape} distances, but the image has {self.shape[1:]} "
                "pixels; give one distance for each pixel."
            )
        check_range(dpm, self._z_planes_um)
        low, weight = position(dpm.astype(np.float64), self._z_planes_um)
        below, above = self._beside(low)
        w = self._sent(weight.astype(np.float32))
        lower = self._planes.gather(0, below[None])[0]
        upper = self._planes.gather(0, above[None])[0]
        return self._converted(lower * (1 - w) + upper * w)

    def projection(self, kind: Projection) -> Image:
        """See :class:`Stack`."""
        if kind == "max":
            return self._converted(self._planes.amax(0))
        return self._converted(self._planes.mean(0))

    def brightest(self) -> Image:
        """See :class:`Stack`."""
        best, where = self._planes.max(0)
        depths_um = np.asarray(self._z_planes_um, np.float32)
        return np.stack([self._converted(best), depths_um[where.cpu().numpy()]])

    def section(self, axis: SectionAxis, at: int) -> Image:
        """See :class:`Stack`."""
        return self._converted(self._planes[:, at] if axis == "xz" else self._planes[:, :, at].T)

    def window(self, rows: slice, columns: slice) -> Image:
        """See :class:`Stack`."""
        return self._converted(self._planes[:, rows, columns])

    def sampled(self, stride: int) -> Image:
        """See :class:`Stack`."""
        return self._converted(self._planes[:, ::stride, ::stride])

    def binned(self, factor: int) -> Image:
        """See :class:`Stack`."""
        pooled = functional.avg_pool2d(self._planes[None], factor)[0] * float(factor**2)
        array: Image = pooled.cpu().numpy()
        return array

    def _beside(self, low: NDArray[np.intp]) -> tuple[Tensor, Tensor]:
        """Indices of the planes below and above."""
        below = self._sent(low.astype(np.int64))
        return below, (below + 1).clamp_(max=len(self._planes) - 1)

    def _sent(self, array: NDArray[np.float32] | NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._planes.device)

    def _converted(self, planes: Tensor) -> Image:
        """Counts in this computer's memory; converted on the device."""
        counts = planes * self._inverse.scale_counts
        counts += self._inverse.background_counts
        array: Image = counts.cpu().contiguous().numpy()
        return array
