"""What every experiment of a report works with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.crossmodal import registered
from deepz_live.app.report.answers import KnownPsf
from deepz_live.app.report.pairs import Box, Field, open_field
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.engine import Engine
from deepz_live.session.stack import read_stack

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Context:
    """A running model, the stacks to measure it on, and how to say what is going on.

    Attributes
    ----------
    psf
        The known PSF; None where the optics cannot be modelled.
    targets
        By stack, that of the other modality which the model's planes are of.
    """

    engine: Engine
    stacks: Sequence[Path]
    box: Box | None
    note: Callable[[str], None]
    psf: KnownPsf | None = None
    targets: Mapping[Path, Path] = dataclasses.field(default_factory=dict)

    @property
    def bundle(self) -> Bundle:
        return self.engine.bundle

    @property
    def reach_um(self) -> float:
        """How far the model refocuses, the shorter side."""
        low, high = self.bundle.facts.z_range_um
        return min(-low, high)

    def field(self, path: Path) -> Field:
        """One stack, checked; stacks are large, so experiments hold one at a time."""
        optics = self.bundle.facts.optics
        other = registered(path, self.targets[path], optics) if self.targets else None
        return open_field(self.bundle, read_stack(path), self.box, path, other)

    def normalised_volume(self, field: Field, source: int) -> Image:
        """What the model makes of plane ``source``: ``(Z, Y, X)``, normalised."""
        return self.bundle.facts.output_normalization.forward(
            self.engine.volume(field.voxels[source])
        )

    def nearest_plane(self, distance_um: float) -> int:
        """Index of the model's plane nearest to a distance."""
        return int(np.argmin(np.abs(np.asarray(self.bundle.facts.z_planes_um) - distance_um)))


def sparse(image: Image) -> bool:
    """Whether most of the image is dark, so that a square root makes it readable."""
    return float(np.median(image)) < 0.05 * float(np.quantile(image, 0.9995))
