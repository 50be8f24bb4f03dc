"""Measuring models that turn one modality into another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepz_live.analysis.axial import axial_widths
from deepz_live.config import Optics
from deepz_live.train.intake import read_part
from deepz_live.train.targets import Registered, register_target

if TYPE_CHECKING:
    from deepz_live.app.report.pairs import Field
    from deepz_live.refocus.engine import Engine


def registered(stack: Path, target: Path, optics: Optics) -> Registered:
    """The other modality's stack ``target`` on the voxels of ``stack``.

    ``optics`` are those that ``stack`` was captured through.

    Raises
    ------
    StackError, TrainingError
        A file that cannot be read; two stacks that cannot be registered.
    """
    fixed = read_part(stack)
    height, width = fixed.voxels.shape[1:]
    whole = (slice(0, height), slice(0, width))
    return register_target(target, fixed, whole, through_mask=optics.phase_mask != "none")


class Widths:
    """Thickness along z of what is bright in the truth, gathered over fields.

    The virtual stack is made from the sharpest plane of each field.
    """

    def __init__(self) -> None:
        self._found: dict[str, list[np.ndarray]] = {}

    def add(self, engine: Engine, field: Field) -> None:
        """Measure one field."""
        distances = field.facts.z_planes_um
        places = {k: field.middle + field.steps(dz) for k, dz in enumerate(distances)}
        kept = [k for k, plane in places.items() if field.low <= plane <= field.high]
        planes = [places[k] for k in kept]
        output = field.facts.output_normalization
        volume = output.forward(engine.volume(field.voxels[field.middle])[kept])
        own = field.facts.normalization.forward(field.voxels[planes])
        truth = output.forward(field.truth[planes])
        step_um = float(distances[1] - distances[0])
        widths = axial_widths(truth, {"refocused": volume, "same_depth": own}, step_um)
        for name, values in widths.items():
            self._found.setdefault(name, []).append(values)

    def facts(self) -> dict[str, Any]:
        """``axial_fwhm_um``: medians by name and ``n``; nothing where no field was measured.

        A median that is not finite is None: more than half of the places have no half height.
        """
        if not self._found:
            return {}
        joined = {name: np.concatenate(parts) for name, parts in self._found.items()}
        medians = {
            name: float(np.median(v)) if len(v) and np.isfinite(np.median(v)) else None
            for name, v in joined.items()
        }
        return {"axial_fwhm_um": {"n": len(joined["truth"]), **medians}}
