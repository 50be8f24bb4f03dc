"""A trained generator as teacher: what it makes of an input is learnt by the planes model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import Bundle
from deepz_live.model.generator import DPM_SCALE_UM, Generator
from deepz_live.train.errors import TrainingError
from deepz_live.train.prepared import Prepared

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PIXEL_TOLERANCE = 0.02


class Teacher:
    """The generator of a bundle, on images normalised as the pupil's.

    Raises
    ------
    TrainingError
        The bundle holds no generator, or one of another pixel size or a smaller z range.
    """

    def __init__(self, bundle: Bundle, prepared: Prepared) -> None:
        _check(bundle, prepared)
        self._network = Generator(bundle.facts.width)
        weights = load_file(bundle.weights_path)
        self._network.load_state_dict({key: value.float() for key, value in weights.items()})
        self._network.eval().requires_grad_(False)
        facts = bundle.facts
        self._to_teacher = _change(prepared.normalization, facts.normalization)
        self._to_pupil = _change(facts.output_normalization, prepared.output_normalization)
        self._fabric: Any = None

    def place(self, fabric: Fabric) -> None:
        """Move to the device."""
        self._fabric = fabric
        self._network.to(fabric.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def planes(self, inputs: Tensor, distances_um: list[float]) -> Tensor:
        """``(N, 1, Y, X)`` to ``(N, len(distances_um), Y, X)``, normalised as the inputs."""
        gain, offset = self._to_teacher
        count = len(distances_um)
        images = (gain * inputs + offset).repeat_interleave(count, dim=0)
        scaled = torch.tensor(distances_um, device=inputs.device) / DPM_SCALE_UM
        dpm = scaled.repeat(len(inputs))[:, None, None, None].expand_as(images)
        pair = torch.cat([images, dpm], dim=1).contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), self._fabric.autocast():
            planes: Tensor = self._network(pair).float()
        gain, offset = self._to_pupil
        return (gain * planes + offset).view(len(inputs), count, *inputs.shape[2:])


def _change(source: Normalization, target: Normalization) -> tuple[float, float]:
    """Gain and offset from one normalisation to the other; both are linear."""
    shift = source.background_counts - target.background_counts
    return source.scale_counts / target.scale_counts, shift / target.scale_counts


def _check(bundle: Bundle, prepared: Prepared) -> None:
    facts = bundle.facts
    if facts.network != "generator":
        raise TrainingError(
            f"Bundle {bundle.name} holds a {facts.network} network, but only a generator can "
            "teach; give the bundle of one."
        )
    if abs(facts.pixel_size_um / prepared.pixel_size_um - 1) > PIXEL_TOLERANCE:
        raise TrainingError(
            f"The teacher {bundle.name} knows pixels of {facts.pixel_size_um:g} µm, the stacks "
            f"have {prepared.pixel_size_um:g} µm; give a teacher of the same objective."
        )
    reach, wanted = facts.z_range_um[1], prepared.grid.distances_um[-1]
    if reach < wanted - 1e-6:
        raise TrainingError(
            f"The teacher {bundle.name} refocuses ±{reach:g} µm, but ±{wanted:g} µm is to be "
            "learnt; give z_range_um in the preset, or another teacher."
        )
