"""Pairs of planes of one stack: what the network makes of one, and what the scan shows there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.focus import middle_plane, sharpness
from deepz_live.image.metrics import WINDOW_PX
from deepz_live.model.bundle import Bundle, BundleFacts
from deepz_live.refocus.engine import RefocusError
from deepz_live.session.stack import Stack
from deepz_live.train.prepared import common_box
from deepz_live.train.targets import Registered

PIXEL_TOLERANCE = 0.02
DISTANCES = 21
SMALLEST_PX = 32
Box = tuple[slice, slice]
Image = NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """Two planes of a stack: ``source`` is shown to the network, ``target`` is the truth.

    ``plane`` is the index of the refocus distance in ``facts.z_planes_um``; ``sharper`` says that
    the target has the higher contrast, so that refocusing goes into focus.
    """

    source: int
    target: int
    plane: int
    distance_um: float
    sharper: bool


@dataclass(frozen=True, eq=False)
class Field:
    """One stack within reach of a model.

    Attributes
    ----------
    voxels
        ``(Z, Y, X)`` counts, the part asked for.
    truth
        ``(Z, Y, X)`` what refocused planes are compared with: ``voxels`` themselves, or the planes
        of another modality on the same voxels.
    low, high
        First and last plane within the model's range around ``middle``, the sharpest plane, and
        within ``truth``.
    """

    name: str
    voxels: NDArray[Any]
    truth: NDArray[Any]
    facts: BundleFacts
    z_step_um: float
    middle: int
    low: int
    high: int

    @property
    def pixel_size_um(self) -> float:
        return self.facts.pixel_size_um

    def normalised(self, index: int) -> Image:
        """Plane ``(Y, X)`` in the bundle's normalisation."""
        return self.facts.normalization.forward(self.voxels[index])

    def wanted(self, index: int) -> Image:
        """The truth ``(Y, X)`` at a plane, in the normalisation of the model's output."""
        return self.facts.output_normalization.forward(self.truth[index])

    @property
    def crossmodal(self) -> bool:
        """Whether the truth is another modality's."""
        return self.truth is not self.voxels

    def steps(self, distance_um: float) -> int:
        """``distance_um`` in planes of the stack."""
        return round(distance_um / self.z_step_um)

    def mean_image(self) -> Image:
        """Mean ``(Y, X)`` of all planes of the truth within range, normalised."""
        planes = self.truth[self.low : self.high + 1]
        return self.facts.output_normalization.forward(planes.mean(axis=0, dtype=np.float64))

    def sources(self, count: int) -> list[int]:
        """``count`` planes spread evenly over the range."""
        spread = np.linspace(self.low, self.high, count).round().astype(int)
        return [int(index) for index in np.unique(spread)]

    def pairs(self, source: int, planes: Sequence[int]) -> Iterator[Pair]:
        """The pairs of ``source`` whose targets lie within range."""
        sharp = self._sharpness
        for plane in planes:
            distance = self.facts.z_planes_um[plane]
            target = source + self.steps(distance)
            if self.low <= target <= self.high:
                yield Pair(source, target, plane, distance, bool(sharp[target] > sharp[source]))

    @cached_property
    def _sharpness(self) -> NDArray[np.float64]:
        return sharpness(self.voxels)


def open_field(
    bundle: Bundle, stack: Stack, box: Box | None, path: Path, other: Registered | None = None
) -> Field:
    """Check a stack against a bundle and find the part of it that the model reaches.

    Parameters
    ----------
    other
        The stack of the other modality that the bundle's planes are of, on this stack's voxels.

    Raises
    ------
    RefocusError
        Another pixel size, too coarse in z, too few pixels, a box outside the field or outside
        what ``other`` shows; a bundle of another modality without ``other``, or the reverse.
    """
    check_sampling(bundle, stack, path)
    _check_modality(bundle, other)
    voxels = cut(stack, box, path)
    reach = round(bundle.facts.z_range_um[1] / stack.z_step_um)
    _check_size(voxels, path)
    truth, first, last = voxels, 0, len(voxels) - 1
    if other is not None:
        y, x = common_box(other.box, box)
        if min(y.stop - y.start, x.stop - x.start) < SMALLEST_PX:
            raise RefocusError(
                f"The other modality's stack of {path.name} shows less than {SMALLEST_PX} pixels "
                "of the part to measure; choose another region."
            )
        voxels, truth = stack.voxels[:, y, x], other.voxels[:, y, x]
        first, last = other.planes[0], other.planes[1] - 1
    middle = middle_plane(voxels, reach)
    low, high = max(first, middle - reach), min(last, middle + reach)
    return Field(label(path), voxels, truth, bundle.facts, stack.z_step_um, middle, low, high)


def _check_size(voxels: NDArray[Any], path: Path) -> None:
    height, width = voxels.shape[1:]
    if min(height, width) < WINDOW_PX:
        raise RefocusError(
            f"{path.name}: the part to measure is {height} × {width} pixels, and SSIM needs at "
            f"least {WINDOW_PX} × {WINDOW_PX}; choose a larger region, or another stack."
        )


def _check_modality(bundle: Bundle, other: Registered | None) -> None:
    crossmodal = bundle.facts.target_normalization is not None
    if crossmodal and other is None:
        raise RefocusError(
            f"Bundle {bundle.name} makes planes of another modality than its frames, so stacks of "
            "the frames' modality are no truth for it; name the other modality's stacks with "
            "--target."
        )
    if other is not None and not crossmodal:
        raise RefocusError(
            f"Bundle {bundle.name} makes planes of its frames' own modality; leave out --target."
        )


def label(path: Path) -> str:
    """A stack's name with its folder: every calibration numbers its fields from 0."""
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


def measured_planes(z_planes_um: Sequence[float]) -> list[int]:
    """Indices of the planes to measure: at most ``DISTANCES``, symmetric about the input plane."""
    centre = int(np.argmin(np.abs(z_planes_um)))
    stride = -(-len(z_planes_um) // DISTANCES)
    return [k for k in range(len(z_planes_um)) if (k - centre) % stride == 0]


def cut(stack: Stack, box: Box | None, path: Path) -> NDArray[Any]:
    """The voxels within ``box``; raises :class:`RefocusError` where it leaves the field."""
    if box is None:
        return stack.voxels
    height, width = stack.voxels.shape[1:]
    if box[0].stop > height or box[1].stop > width:
        raise RefocusError(
            f"Region {box[0].start}:{box[0].stop},{box[1].start}:{box[1].stop} leaves the field "
            f"of {path.name}, which is {height} × {width} pixels; choose a region inside it."
        )
    return stack.voxels[:, box[0], box[1]]


def check_sampling(bundle: Bundle, stack: Stack, path: Path) -> None:
    """Raise :class:`RefocusError` where pixels or planes do not fit the model."""
    facts = bundle.facts
    if abs(stack.pixel_size_um / facts.pixel_size_um - 1) > PIXEL_TOLERANCE:
        raise RefocusError(
            f"{path.name} has pixels of {stack.pixel_size_um:g} µm, but bundle {bundle.name} was "
            f"trained at {facts.pixel_size_um:g} µm; use a bundle for this magnification and "
            "binning."
        )
    spacing = float(np.diff(facts.z_planes_um)[0])
    ratio = spacing / stack.z_step_um
    if abs(ratio - round(ratio)) > 0.05 or ratio < 0.95:
        raise RefocusError(
            f"{path.name} has a z step of {stack.z_step_um:g} µm, but the planes of bundle "
            f"{bundle.name} are {spacing:g} µm apart; give a stack whose step divides that."
        )
