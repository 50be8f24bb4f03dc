"""Training of the planes model: squared error of compressed intensities, and what may be added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from deepz_live.model.planes import PlanesNet, compress, expand
from deepz_live.train.adversary import Adversary
from deepz_live.train.learner import Learner
from deepz_live.train.losses import (
    contrast_error,
    fooling_loss,
    structural_similarity,
    weighted_mean,
)
from deepz_live.train.objective import Panel, averaged, on_device
from deepz_live.train.pairs import Batch
from deepz_live.train.preset import Preset
from deepz_live.train.teacher import Teacher

if TYPE_CHECKING:
    from lightning_fabric import Fabric

WEIGHT_DECAY = 1e-4
WIDEST = 1.5
"""An untrained network may exceed the range of compressed intensities by far, where the inverse
explodes."""
PREVIEWED = (0.25, 0.5, 0.85)
"""Which planes are looked at, as shares of the z range."""


class PlanesObjective:
    """All planes at once.

    Parameters
    ----------
    teacher
        A trained generator whose planes are learnt beside the measured ones; None: measured only.
    """

    def __init__(
        self,
        network: PlanesNet,
        distances_um: tuple[float, ...],
        preset: Preset,
        teacher: Teacher | None = None,
    ) -> None:
        self._settings, self._distances, self._teacher = preset.planes, distances_um, teacher
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=preset.learning_rate, weight_decay=WEIGHT_DECAY
        )
        self._learner = Learner(network, optimiser, preset.clip_norm)
        self._adversary = (
            Adversary(preset.discriminator, preset.width)
            if self._settings.adversarial_weight
            else None
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
        self._learner.place(fabric, "compressed")
        if self._adversary is not None:
            self._adversary.place(fabric)
        if self._teacher is not None:
            self._teacher.place(fabric)

    def iterate(self, batch: Batch) -> dict[str, float]:
        """One update; with an adversary, its updates on some of the planes follow."""
        inputs, targets, known = self._tensors(batch)
        planes = self._learner(compress(inputs))
        likened = self._some(self._settings.ssim_planes) if self._settings.ssim_weight else None
        values = self._errors(planes, targets, known, likened)
        loss = values["select"]
        if self._teacher is not None:
            share = self._settings.teacher_weight
            values["teacher"] = self._from_teacher(self._teacher, inputs, planes)
            loss = (1 - share) * loss + share * values["teacher"]
        if self._adversary is None:
            values["loss"] = loss
            self._learner.step(loss)
            return averaged(self._fabric, values)
        chosen = self._some(self._settings.adversarial_planes)
        fake, real, weight = _singly(expand(_safe(planes)), targets, known, chosen)
        values["fooling"] = fooling_loss(self._adversary.scores(fake), weight)
        values["loss"] = loss + self._settings.adversarial_weight * values["fooling"]
        self._learner.step(values["loss"])
        values |= self._adversary.learn(fake.detach(), real, weight)
        return averaged(self._fabric, values)

    def validate(self, batch: Batch) -> dict[str, float]:
        with torch.no_grad():
            inputs, targets, known = self._tensors(batch)
            values = self._errors(self._learner.alone(compress(inputs)), targets, known)
        return averaged(self._fabric, values)

    def preview(self, batch: Batch) -> list[Panel]:
        with torch.no_grad():
            inputs, _, _ = self._tensors(batch)
            planes = expand(_safe(self._learner.alone(compress(inputs[:1])))).cpu().numpy()[0]
        numbers = [round(share * (len(planes) - 1)) for share in PREVIEWED]
        return [
            Panel(self._distances[n], batch.inputs[0, 0], planes[n], batch.targets[0, n])
            for n in numbers
            if batch.known[0, n]
        ]

    def _errors(
        self, planes: Tensor, targets: Tensor, known: Tensor, likened: list[int] | None = None
    ) -> dict[str, Tensor]:
        """``select`` and its parts; ``planes`` compressed, ``targets`` as they are.

        SSIM is that of the planes ``likened``, or of all.
        """
        settings = self._settings
        values = {"compressed": self._mean((planes - compress(targets)) ** 2, known)}
        total = values["compressed"]
        on_intensities = (settings.linear_weight, settings.mae_weight, settings.ssim_weight)
        if any(on_intensities) or settings.contrast_weight:
            images = expand(_safe(planes))
        if settings.linear_weight:
            values["linear"] = self._mean((images - targets) ** 2, known)
            total = total + settings.linear_weight * values["linear"]
        if settings.mae_weight:
            values["mae"] = self._mean((images - targets).abs(), known)
            total = total + settings.mae_weight * values["mae"]
        if settings.ssim_weight:
            some = slice(None) if likened is None else likened
            alike = structural_similarity(images[:, some], targets[:, some])
            values["dissimilarity"] = self._mean(1 - alike, known[:, some])
            total = total + settings.ssim_weight * values["dissimilarity"]
        if settings.contrast_weight:
            values["contrast"] = self._mean(contrast_error(images, targets), known)
            total = total + settings.contrast_weight * values["contrast"]
        return {"select": total, **values}

    def _from_teacher(self, teacher: Teacher, inputs: Tensor, planes: Tensor) -> Tensor:
        chosen = self._some(self._settings.teacher_planes)
        taught = teacher.planes(inputs, [self._distances[n] for n in chosen])
        everything = torch.ones(taught.shape[:2], device=taught.device)[:, :, None, None]
        return self._errors(planes[:, chosen], taught, everything)["select"]

    def _some(self, count: int) -> list[int]:
        # Of the global generator: the same on every process, and part of a checkpoint.
        order: list[int] = torch.randperm(len(self._distances)).tolist()
        return order[:count]

    def _mean(self, values: Tensor, known: Tensor) -> Tensor:
        def total(weight: Tensor) -> Tensor:
            mean: Any = self._fabric.all_reduce(weight, reduce_op="mean")
            return mean  # type: ignore[no-any-return]

        return weighted_mean(values, known, total)

    def _tensors(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs ``(N, 1, Y, X)``, targets ``(N, Z, Y, X)``, known ``(N, Z, 1, 1)``."""
        known = np.asarray(batch.known, np.float32)[:, :, None, None]
        inputs, targets = (on_device(self._fabric, a) for a in (batch.inputs, batch.targets))
        return inputs, targets, on_device(self._fabric, known)


def _safe(planes: Tensor) -> Tensor:
    return planes.clamp(-WIDEST, WIDEST)


def _singly(
    planes: Tensor, targets: Tensor, known: Tensor, chosen: list[int]
) -> tuple[Tensor, Tensor, Tensor]:
    """Chosen planes as images ``(N * K, 1, Y, X)``, and which of them are known ``(N * K,)``."""
    fake, real = (t[:, chosen].flatten(0, 1)[:, None] for t in (planes, targets))
    return fake, real, known[:, chosen].flatten()
