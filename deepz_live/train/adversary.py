"""The adversarial half of training: a discriminator that learns to tell refocused from captured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from deepz_live.model.discriminator import Discriminator
from deepz_live.train.learner import Learner
from deepz_live.train.losses import discriminator_loss
from deepz_live.train.preset import DiscriminatorSettings

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Adversary:
    """The discriminator, what it thinks of images, and how it learns (paper, Eq. 5)."""

    def __init__(self, settings: DiscriminatorSettings, width: float) -> None:
        network = Discriminator(settings.width or width)
        optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        self.learner = Learner(network, optimiser, clip_norm=None)
        self._updates = settings.updates

    def place(self, fabric: Fabric) -> None:
        """Move to the device."""
        self.learner.place(fabric)

    def scores(self, images: Tensor) -> Tensor:
        """``(N, 1, Y, X)`` to scores ``(N,)``; gradients reach the images, not the weights."""
        self.learner.network.requires_grad_(False)
        scores = self.learner.alone(images)
        self.learner.network.requires_grad_(True)
        return scores

    def learn(self, fake: Tensor, real: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
        """All discriminator updates of one iteration; returns the loss and scores of the last.

        Parameters
        ----------
        fake, real
            Refocused and captured images ``(N, 1, Y, X)``; ``fake`` must be detached.
        weight
            ``(N,)``, 0 for images that do not count.
        """
        images = torch.cat([fake, real])
        for _ in range(self._updates):
            of_fake, of_real = self.learner(images).chunk(2)
            loss = discriminator_loss(of_fake, of_real, weight)
            self.learner.step(loss)
        return {
            "discriminator": loss,
            "score of refocused": of_fake.mean(),
            "score of captured": of_real.mean(),
        }
