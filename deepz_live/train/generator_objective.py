"""The paper's training of the generator (Eq. 4 and 5), or its mean absolute error alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from deepz_live.model.generator import DPM_SCALE_UM, Generator
from deepz_live.train.adversary import Adversary
from deepz_live.train.image_pairs import ImageBatch
from deepz_live.train.learner import Learner
from deepz_live.train.losses import fooling_loss, generator_loss
from deepz_live.train.objective import Panel, averaged, on_device
from deepz_live.train.preset import Preset

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PREVIEWED = 3


class GeneratorObjective:
    """One target plane an input, with a uniform DPM."""

    def __init__(self, network: Generator, preset: Preset) -> None:
        self._settings = preset.generator
        optimiser = torch.optim.Adam(network.parameters(), lr=preset.learning_rate)
        self._learner = Learner(network, optimiser, preset.clip_norm)
        self._adversary = (
            Adversary(preset.discriminator, preset.width) if self._settings.adversarial else None
        )
        self.multiple = network.multiple

    @property
    def learners(self) -> dict[str, Learner]:
        found = {"network": self._learner}
        if self._adversary is not None:
            found["discriminator"] = self._adversary.learner
        return found

    def place(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self._learner.place(fabric)
        if self._adversary is not None:
            self._adversary.place(fabric)

    def iterate(self, batch: ImageBatch) -> dict[str, float]:
        """All generator updates on one batch, then all discriminator updates on it."""
        inputs, targets = self._tensors(batch)
        for _ in range(self._settings.updates):
            loss, mae = self._loss(self._learner(inputs), targets)
            self._learner.step(loss)
        values = {"select": mae, "loss": loss}
        if self._adversary is not None:
            with torch.no_grad():
                fake = self._learner.alone(inputs)
            values |= self._adversary.learn(fake, targets)
        return averaged(self._fabric, values)

    def validate(self, batch: ImageBatch) -> dict[str, float]:
        with torch.no_grad():
            inputs, targets = self._tensors(batch)
            images = self._learner.alone(inputs)
            values = {"select": functional.l1_loss(images, targets)}
            if self._adversary is not None:
                scores = self._adversary.scores(images)
                values["fooling"] = fooling_loss(scores)
                values["score of refocused"] = scores.mean()
                values["score of captured"] = self._adversary.scores(targets).mean()
        return averaged(self._fabric, values)

    def preview(self, batch: ImageBatch) -> list[Panel]:
        with torch.no_grad():
            inputs, _ = self._tensors(batch)
            images = self._learner.alone(inputs[:PREVIEWED]).cpu().numpy()
        rows = zip(batch.distances_um, batch.inputs, images, batch.targets, strict=False)
        return [Panel(float(um), x[0], y[0], z[0]) for um, x, y, z in rows]

    def _loss(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        mae = functional.l1_loss(images, targets)
        if self._adversary is None:
            return mae, mae
        scores = self._adversary.scores(images)
        return generator_loss(scores, mae, self._settings.alpha, self._settings.alpha_on), mae

    def _tensors(self, batch: ImageBatch) -> tuple[Tensor, Tensor]:
        """Images with their DPM / 10 ``(N, 2, Y, X)``, and targets ``(N, 1, Y, X)``."""
        images = on_device(self._fabric, batch.inputs)
        distances = on_device(self._fabric, batch.distances_um) / DPM_SCALE_UM
        dpm = distances[:, None, None, None].expand_as(images)
        return torch.cat([images, dpm], dim=1), on_device(self._fabric, batch.targets)
