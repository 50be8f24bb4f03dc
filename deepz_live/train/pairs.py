"""Batches for the planes model: (input plane, planes around it), cropped lazily from disk.

Every random choice of a whole batch is drawn first and the same on every process; a process
crops only its own examples (``rank::world``). So a run on several processes sees the very
examples of a run on one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.train.prepared import Field, Prepared
from deepz_live.train.share import own_share
from deepz_live.train.windows import Window, fitting_crop, places, turned

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Inputs ``(N, 1, Y, X)``, targets ``(N, Z, Y, X)``, normalised float32; ``known`` ``(N, Z)``
    is 0 where there is no plane to learn: beyond the stack's ends, or never captured."""

    inputs: Floats
    targets: Floats
    known: Floats


@dataclass(frozen=True)
class _Example:
    """All that was drawn for one example: one window, or two that are added up."""

    windows: tuple[Window, ...]
    weights: tuple[float, ...]


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

    Raises
    ------
    TrainingError
        No region with signal, or none as large as ``multiple``.
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
        self._prepared = prepared
        self._rng = rng
        self._augment = not validation
        self._mix = 0.0 if validation else mix
        self._places = places(prepared.fields, validation=validation)
        self._crop = fitting_crop(self._places, crop, multiple)

    def batch(self, size: int, rank: int = 0, world: int = 1) -> Batch:
        """``size`` random examples; of them those of process ``rank`` out of ``world``."""
        drawn = own_share([self._draw() for _ in range(size)], rank, world)
        inputs, targets, known = self._empty(len(drawn))
        for number, example in enumerate(drawn):
            known[number] = self._fill(example, inputs[number, 0], targets[number])
        return Batch(inputs, targets, known)

    def state(self) -> dict[str, Any]:
        """Where the sequence of batches is, as plain JSON."""
        return {"rng": self._rng.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with the batches that followed :meth:`state`."""
        self._rng.bit_generator.state = state["rng"]

    def _draw(self) -> _Example:
        # Fluorescence adds up: the weighted sum of two fields is a field too, one that was
        # never captured. So few fields teach as many.
        if self._rng.random() < self._mix:
            weights = tuple(float(w) for w in self._rng.uniform(0.2, 1.0, 2))
            return _Example((self._window(), self._window()), weights)
        return _Example((self._window(),), (1.0,))

    def _window(self) -> Window:
        rng, grid = self._rng, self._prepared.grid
        place = self._places[rng.integers(len(self._places))]
        reach, middle = grid.count * grid.stride, place.region.middle
        low, high = max(0, middle - reach), min(len(place.field.voxels) - 1, middle + reach)
        plane = int(rng.integers(low, high + 1))
        y, x = place.corner(self._crop, rng)
        symmetry = int(rng.integers(8)) if self._augment else 0
        return Window(place, plane, y, x, symmetry)

    def _empty(self, count: int) -> tuple[Floats, Floats, Floats]:
        planes, side = 2 * self._prepared.grid.count + 1, self._crop
        return (
            np.empty((count, 1, side, side), np.float32),
            np.empty((count, planes, side, side), np.float32),
            np.empty((count, planes), np.float32),
        )

    def _fill(self, example: _Example, image: Floats, planes: Floats) -> NDArray[np.bool_]:
        """Write one example into its place in a batch; returns which of its planes exist."""
        known = self._cut(example.windows[0], image, planes)
        if len(example.windows) == 1:
            return known
        image *= np.float32(example.weights[0])
        planes *= np.float32(example.weights[0])
        more_image, more_planes = np.empty_like(image), np.empty_like(planes)
        for window, weight in zip(example.windows[1:], example.weights[1:], strict=True):
            known = known & self._cut(window, more_image, more_planes)
            image += np.float32(weight) * more_image
            planes += np.float32(weight) * more_planes
        return known

    def _cut(self, window: Window, image: Floats, planes: Floats) -> NDArray[np.bool_]:
        """Write the input ``(Y, X)`` and the grid planes ``(Z, Y, X)`` around it, zero where there
        is none; returns which there are. Each pixel is moved once, straight into the batch: what
        the loader takes on a CPU, the network lacks."""
        prepared, field, grid = self._prepared, window.place.field, self._prepared.grid
        square = window.slices(self._crop)
        source = turned(field.voxels[(window.plane, *square)], window.symmetry)
        prepared.normalization.forward(source, out=image)
        wanted = window.plane + grid.stride * np.arange(-grid.count, grid.count + 1)
        known = _known(field, wanted)
        if known.any():
            first, last = np.flatnonzero(known)[[0, -1]]
            section = slice(wanted[first], wanted[last] + 1, grid.stride)
            # Of a copy in order: turned reads straight from the stack take twice as long.
            source = turned(np.array(field.target[(section, *square)]), window.symmetry)
            prepared.output_normalization.forward(source, out=planes[first : last + 1])
        planes[~known] = 0
        return known


def _known(field: Field, planes: NDArray[np.intp]) -> NDArray[np.bool_]:
    inside = (planes >= 0) & (planes < len(field.target))
    known = inside.copy()
    known[inside] = field.target_known[planes[inside]]
    return known
