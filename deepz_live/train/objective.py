"""What a training run minimises, as the loop sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepz_live.train.learner import Learner

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Panel:
    """One example to look at: images ``(Y, X)``, normalised, ``distance_um`` apart."""

    distance_um: float
    input: Image
    refocused: Image
    target: Image


class Objective(Protocol):
    """Networks, their optimisers, and one iteration.

    Both :meth:`iterate` and :meth:`validate` return the losses by name, means over all processes;
    ``select`` is the one whose smallest validation value makes the best network.
    """

    @property
    def learners(self) -> dict[str, Learner]:
        """Networks with their optimisers by name; ``network`` is the one that is exported."""

    @property
    def multiple(self) -> int:
        """Image sides must be a multiple of this."""

    def place(self, fabric: Fabric) -> None:
        """Move everything to its device."""

    def iterate(self, batch: Any) -> dict[str, float]:
        """All updates of one iteration."""

    def validate(self, batch: Any) -> dict[str, float]:
        """The losses without any update."""

    def preview(self, batch: Any) -> list[Panel]:
        """A few examples of a batch."""


def averaged(fabric: Fabric, values: dict[str, Tensor]) -> dict[str, float]:
    """Means over all processes, as numbers; one wait for the device."""
    stacked = torch.stack([value.detach().float() for value in values.values()])
    means: Tensor = fabric.all_reduce(stacked, reduce_op="mean")  # type: ignore[assignment]
    return dict(zip(values, means.tolist(), strict=True))


def on_device(fabric: Fabric, array: NDArray[np.float32]) -> Tensor:
    """A batch's array on the device."""
    return fabric.to_device(torch.from_numpy(np.ascontiguousarray(array)))
