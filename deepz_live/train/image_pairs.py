"""Batches for the generator: the paper's fixed list of image pairs, an epoch at a time.

For each region, each of the 41 planes around its middle is an input, with 5 to 10 random ones of
them as targets (paper, "Image pre-processing and training data preparation"); for training, each
pair comes five times, flipped or turned. The list holds indices only, images are cropped when a
batch asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.train.errors import TrainingError
from deepz_live.train.prepared import Prepared
from deepz_live.train.share import own_share
from deepz_live.train.windows import SYMMETRIES, Place, Window, fitting_crop, places, turned

FEWEST_TARGETS, MOST_TARGETS = 5, 10
AUGMENTATION = 5

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ImageBatch:
    """Inputs and targets ``(N, 1, Y, X)``, normalised float32; ``distances_um`` ``(N,)`` float32
    from input to target plane."""

    inputs: Floats
    distances_um: Floats
    targets: Floats


class ImagePairs:
    """The fixed list, shuffled anew for each epoch.

    The list follows from the seed of the prepared set; the order of its epochs and where a crop
    smaller than its region lies follow from ``rng``, which is asked once.

    Parameters
    ----------
    prepared
        Fields, grid and normalisation.
    crop, multiple
        Side of the crops in pixels, made a multiple of the network's, and smaller where the
        regions are (paper: the regions themselves, 256).
    validation
        The pairs of the validation regions instead, without augmentation.

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
        validation: bool = False,
    ) -> None:
        self._prepared = prepared
        self._places = places(prepared.fields, validation=validation)
        self._crop = fitting_crop(self._places, crop, multiple)
        drawn = np.random.default_rng([prepared.seed, int(validation)])
        self._list = _list(prepared, self._places, drawn)
        self._copies = 1 if validation else AUGMENTATION
        self._symmetries = _symmetries(len(self._list), self._copies, drawn)
        self._seed = int(rng.integers(2**53))
        self._epoch, self._position = 0, 0
        self._order = self._shuffled()

    def __len__(self) -> int:
        """Examples an epoch."""
        return len(self._list) * self._copies

    @property
    def epoch(self) -> float:
        """How often the list was gone through."""
        return self._epoch + self._position / len(self)

    def batch(self, size: int, rank: int = 0, world: int = 1) -> ImageBatch:
        """The next ``size`` examples; of them those of process ``rank`` out of ``world``."""
        # Of its own for each batch, so that epoch and position are all there is to remember.
        rng = np.random.default_rng([self._seed, self._epoch, self._position, 1])
        drawn = own_share([self._next(rng) for _ in range(size)], rank, world)
        inputs, distances, targets = zip(*(self._cut(*one) for one in drawn), strict=True)
        return ImageBatch(np.stack(inputs), np.array(distances, np.float32), np.stack(targets))

    def state(self) -> dict[str, Any]:
        """Where the sequence of batches is, as plain JSON."""
        return {"seed": self._seed, "epoch": self._epoch, "position": self._position}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with the batches that followed :meth:`state`."""
        self._seed, self._epoch = int(state["seed"]), int(state["epoch"])
        self._position = int(state["position"])
        self._order = self._shuffled()

    def _shuffled(self) -> NDArray[np.intp]:
        order = np.random.default_rng([self._seed, self._epoch, 0]).permutation(len(self))
        return np.asarray(order, np.intp)

    def _next(self, rng: np.random.Generator) -> tuple[Window, int]:
        """A window of the input plane, and the target plane."""
        if self._position == len(self):
            self._epoch, self._position = self._epoch + 1, 0
            self._order = self._shuffled()
        pair, copy = divmod(int(self._order[self._position]), self._copies)
        self._position += 1
        number, plane, target = (int(value) for value in self._list[pair])
        place = self._places[number]
        y, x = place.corner(self._crop, rng)
        return Window(place, plane, y, x, int(self._symmetries[pair, copy])), target

    def _cut(self, window: Window, target: int) -> tuple[Floats, float, Floats]:
        field, grid = window.place.field, self._prepared.grid
        square = window.slices(self._crop)
        image = self._prepared.normalization.forward(field.voxels[(window.plane, *square)])
        truth = self._prepared.output_normalization.forward(field.target[(target, *square)])
        distance = (target - window.plane) * grid.step_um / grid.stride
        return (
            turned(image, window.symmetry)[None],
            distance,
            turned(truth, window.symmetry)[None],
        )


def _list(
    prepared: Prepared, places: Sequence[Place], rng: np.random.Generator
) -> NDArray[np.int32]:
    """``(N, 3)``: place, input plane, target plane."""
    grid = prepared.grid
    rows: list[tuple[int, int, int]] = []
    for number, place in enumerate(places):
        planes = place.region.middle + grid.stride * np.arange(-grid.count, grid.count + 1)
        planes = planes[(planes >= 0) & (planes < len(place.field.voxels))]
        learnt = planes[place.field.target_known[planes]]
        for plane in planes:
            # The DPM over 10 lies within -1 … 1 (paper), so no target is beyond the range.
            near = learnt[np.abs(learnt - plane) <= grid.count * grid.stride]
            wanted = int(rng.integers(FEWEST_TARGETS, MOST_TARGETS + 1))
            targets = rng.choice(near, min(wanted, len(near)), replace=False)
            rows.extend((number, int(plane), int(target)) for target in targets)
    if not rows:
        raise TrainingError(
            "No plane of the stacks has a plane to learn within the refocus range; give target "
            "stacks that reach the depths of the input stacks."
        )
    return np.array(rows, np.int32)


def _symmetries(count: int, copies: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """``(count, copies)``: different flips or turns of each pair; as it is where there is one."""
    if copies == 1:
        return np.zeros((count, 1), np.uint8)
    order = rng.permuted(np.tile(np.arange(SYMMETRIES, dtype=np.uint8), (count, 1)), axis=1)
    return order[:, :copies]
