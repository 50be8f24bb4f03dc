"""Batches of (input plane, planes around it), cropped lazily from memory-mapped stacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.normalization import Normalization
from deepz_live.train.patches import Region
from deepz_live.train.prepare import Field, Grid, Prepared

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Inputs ``(N, 1, Y, X)``, targets ``(N, Z, Y, X)``, normalised float32; ``known`` ``(N, Z)``
    is 0 where the stack ends before the target plane."""

    inputs: NDArray[np.float32]
    targets: NDArray[np.float32]
    known: NDArray[np.float32]


class Pairs:
    """Random crops around signal, with flips and quarter turns for training.

    Parameters
    ----------
    prepared
        Fields, grid and normalisation.
    crop, multiple
        Side of the crops in pixels, made a multiple of the network's, and smaller where the
        regions are.
    mix
        Share of the training examples that are sums of two crops.
    validation
        Draw from the validation regions instead, without augmentation.
    """

    def __init__(
        self,
        prepared: Prepared,
        crop: int,
        rng: np.random.Generator,
        *,
        multiple: int = 16,
        mix: float = 0.0,
        validation: bool = False,
    ) -> None:
        self._mix = mix
        self._grid: Grid = prepared.grid
        self._normalization: Normalization = prepared.normalization
        self._rng = rng
        self._augment = not validation
        self._places: list[tuple[Field, Region, NDArray[np.intp]]] = []
        for field in prepared.fields:
            for region in field.validation if validation else field.training:
                signal = np.argwhere(field.mask[region.slices])
                if len(signal):
                    self._places.append((field, region, signal))
        sides = (region.side // multiple * multiple for _, region, _ in self._places)
        self._crop = min(crop // multiple * multiple, *sides)

    def batch(self, size: int) -> Batch:
        """``size`` random examples."""
        examples = [self._example() for _ in range(size)]
        inputs, targets, known = zip(*examples, strict=True)
        return Batch(np.stack(inputs), np.stack(targets), np.stack(known))

    def _example(self) -> tuple[Floats, Floats, Floats]:
        targets, known = self._draw()
        if self._augment and self._rng.random() < self._mix:
            # Fluorescence adds up: the weighted sum of two fields is a field too, one that was
            # never captured. So few fields teach as many.
            other, other_known = self._draw()
            weights = self._rng.uniform(0.2, 1.0, 2).astype(np.float32)
            targets = weights[0] * targets + weights[1] * other
            known = known & other_known
        return targets[self._grid.count][None], targets, known.astype(np.float32)

    def _draw(self) -> tuple[Floats, NDArray[np.bool_]]:
        """One crop: all grid planes ``(Z, Y, X)`` around a random input plane, and which exist."""
        rng, grid, half = self._rng, self._grid, self._crop // 2
        field, region, signal = self._places[rng.integers(len(self._places))]
        centre = signal[rng.integers(len(signal))] + rng.integers(-half, half, 2)
        y, x = np.clip(centre - half, 0, region.side - self._crop) + (region.y, region.x)
        reach = grid.count * grid.stride
        low, high = max(0, field.middle - reach), min(len(field.voxels) - 1, field.middle + reach)
        plane = int(rng.integers(low, high + 1))
        wanted = plane + grid.stride * np.arange(-grid.count, grid.count + 1)
        known = (wanted >= 0) & (wanted < len(field.voxels))
        targets = np.zeros((len(wanted), self._crop, self._crop), np.float32)
        first, last = wanted[known][[0, -1]]
        crop = field.voxels[first : last + 1 : grid.stride, y : y + self._crop, x : x + self._crop]
        targets[known] = self._normalization.forward(crop)
        if self._augment:
            targets = np.rot90(targets, int(rng.integers(4)), (1, 2))
            targets = targets[:, :, ::-1] if rng.random() < 0.5 else targets
        return targets, known
