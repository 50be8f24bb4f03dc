"""One frame's virtual stack as the network left it: turned into counts only where looked at.

Converting to counts is affine and rising, so the highest plane stays the highest, drift does not
notice it, and forty planes that nobody looks at need not be converted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.normalization import Normalization
from deepz_live.image.registration import binned
from deepz_live.refocus.cuts import SectionAxis
from deepz_live.refocus.planes import planes_at, surface_from

Image = NDArray[np.float32]
Projection = Literal["max", "mean"]


class Stack(Protocol):
    """All planes of one frame; valid until its engine refocuses the next.

    Everything returned is float32 counts and the caller's own, except :meth:`binned`.
    """

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(Z, Y, X)``."""

    def bad_values(self) -> int:
        """How many values are NaN or infinite."""

    def counts(self) -> Image:
        """All planes ``(Z, Y, X)``."""

    def planes(self, distances_um: Sequence[float]) -> Image:
        """Planes ``(P, Y, X)`` at refocus distances; :class:`RefocusError` beyond the range."""

    def surface(self, dpm: NDArray[np.floating]) -> Image:
        """The surface ``(Y, X)`` along ``dpm`` µm; :class:`RefocusError` beyond the range."""

    def projection(self, kind: Projection) -> Image:
        """``(Y, X)`` over all planes."""

    def brightest(self) -> Image:
        """``(2, Y, X)``: the maximum over all planes, and its refocus distance in µm."""

    def section(self, axis: SectionAxis, at: int) -> Image:
        """``(Z, X)`` along row ``at`` for ``"xz"``, ``(Y, Z)`` along column ``at`` for ``"yz"``."""

    def window(self, rows: slice, columns: slice) -> Image:
        """All planes of a region ``(Z, rows, columns)``."""

    def sampled(self, stride: int) -> Image:
        """Every ``stride``-th pixel along y and x of all planes."""

    def binned(self, factor: int) -> Image:
        """Sums over ``factor`` × ``factor`` pixels of all planes, in arbitrary units."""


class ArrayStack:
    """A stack in this computer's memory.

    ``planes`` ``(Z, Y, X)`` float32 are normalised; ``inverse`` makes counts of them, None where
    they are counts already. ``z_planes_um`` ascend.
    """

    def __init__(
        self, planes: Image, z_planes_um: Sequence[float], inverse: Normalization | None = None
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
        with np.errstate(over="ignore", invalid="ignore"):
            total = self._planes.sum()  # a pass without a temporary: they survive a sum
        if np.isfinite(total):
            return 0
        return int(np.count_nonzero(~np.isfinite(self._planes)))

    def counts(self) -> Image:
        """See :class:`Stack`."""
        if self._inverse is None:
            return self._planes.copy()
        own = np.empty_like(self._planes)
        for made, plane in zip(own, self._planes, strict=True):  # one by one, within the cache
            np.multiply(plane, np.float32(self._inverse.scale_counts), out=made)
            made += np.float32(self._inverse.background_counts)
        return own

    def planes(self, distances_um: Sequence[float]) -> Image:
        """See :class:`Stack`."""
        return self._converted(planes_at(self._planes, self._z_planes_um, distances_um))

    def surface(self, dpm: NDArray[np.floating]) -> Image:
        """See :class:`Stack`."""
        return self._converted(surface_from(self._planes, self._z_planes_um, dpm))

    def projection(self, kind: Projection) -> Image:
        """See :class:`Stack`."""
        if kind == "max":
            return self._converted(self._planes.max(axis=0))
        return self._converted(self._planes.mean(axis=0, dtype=np.float32))

    def brightest(self) -> Image:
        """See :class:`Stack`."""
        out = np.empty((2, *self._planes.shape[1:]), np.float32)
        best, depth = out
        best[...], depth[...] = self._planes[0], self._z_planes_um[0]
        # Plane by plane: numpy's argmax over the first axis runs across memory, ten times slower.
        for plane, z_um in zip(self._planes[1:], self._z_planes_um[1:], strict=True):
            brighter = plane > best
            np.copyto(depth, np.float32(z_um), where=brighter)
            np.maximum(best, plane, out=best)
        self._converted(best)
        return out

    def section(self, axis: SectionAxis, at: int) -> Image:
        """See :class:`Stack`."""
        if axis == "xz":
            return self._converted(self._planes[:, at].copy())
        return self._converted(np.ascontiguousarray(self._planes[:, :, at].T))

    def window(self, rows: slice, columns: slice) -> Image:
        """See :class:`Stack`."""
        return self._converted(self._planes[:, rows, columns].copy())

    def sampled(self, stride: int) -> Image:
        """See :class:`Stack`."""
        return self._converted(self._planes[:, ::stride, ::stride].copy())

    def binned(self, factor: int) -> Image:
        """See :class:`Stack`."""
        return binned(self._planes, factor)

    def _converted(self, own: Image) -> Image:
        """Counts, in the same memory; the operations of ``Normalization.inverse``, bit by bit."""
        if self._inverse is not None:
            own *= np.float32(self._inverse.scale_counts)
            own += np.float32(self._inverse.background_counts)
        return own


def as_stack(volume: Image | Stack, z_planes_um: Sequence[float]) -> Stack:
    """``volume`` itself, or an array ``(Z, Y, X)`` of counts as a stack."""
    if isinstance(volume, np.ndarray):
        return ArrayStack(volume, z_planes_um)
    return volume
