"""What each network is asked to do with a batch, and how far it is from it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepz_live.model.generator import DPM_SCALE_UM, Generator
from deepz_live.model.planes import PlanesNet, compress, expand
from deepz_live.train.pairs import Batch


class Objective(Protocol):
    """A network and its loss on a batch."""

    @property
    def network(self) -> nn.Module:
        """The trained network."""

    @property
    def multiple(self) -> int:
        """Image sides must be a multiple of this."""

    def loss(self, batch: Batch, device: torch.device, precision: torch.dtype) -> Tensor:
        """Scalar loss, float32."""


class PlanesObjective:
    """All planes at once: squared error of compressed intensities, plus some on true ones."""

    def __init__(self, network: PlanesNet, linear_weight: float) -> None:
        self.network = network
        self.multiple = network.multiple
        self._linear_weight = linear_weight

    def loss(self, batch: Batch, device: torch.device, precision: torch.dtype) -> Tensor:
        inputs, targets, known = (
            torch.from_numpy(a).to(device) for a in (batch.inputs, batch.targets, batch.known)
        )
        images = compress(inputs).to(memory_format=torch.channels_last)
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            planes = self.network.compressed(images)
        planes = planes.float()
        weight = known[:, :, None, None]
        loss = _mean((planes - compress(targets)) ** 2, weight)
        if self._linear_weight:
            # An untrained network may exceed the range by far, where sinh would explode.
            linear = expand(planes.clamp(-1.5, 1.5)) - targets
            loss = loss + self._linear_weight * _mean(linear**2, weight)
        return loss


class GeneratorObjective:
    """One random target plane an input: mean absolute error, as the paper's second term (Eq. 4)."""

    def __init__(
        self, network: Generator, distances_um: tuple[float, ...], rng: np.random.Generator
    ) -> None:
        self.network = network
        self.multiple = network.multiple
        self._distances = np.asarray(distances_um, np.float32)
        self._rng = rng

    def loss(self, batch: Batch, device: torch.device, precision: torch.dtype) -> Tensor:
        # Validation asks for the same distances every time, or its losses could not be compared.
        rng = self._rng if self.network.training else np.random.default_rng(0)
        chosen = np.array([rng.choice(np.flatnonzero(row)) for row in batch.known])
        rows = np.arange(len(chosen))
        dpm = np.broadcast_to(
            (self._distances[chosen] / DPM_SCALE_UM)[:, None, None, None], batch.inputs.shape
        )
        pair = torch.from_numpy(np.concatenate([batch.inputs, dpm], axis=1)).to(device)
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            image = self.network(pair.to(memory_format=torch.channels_last))
        target = torch.from_numpy(batch.targets[rows, chosen][:, None]).to(device)
        return functional.l1_loss(image.float(), target)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / (weight.expand_as(values).sum())
