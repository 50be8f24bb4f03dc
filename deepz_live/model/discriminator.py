"""The discriminator of the paper: is an image a captured or a refocused one?"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepz_live.model.generator import convolution, initialise, scaled

CHANNELS = ((48, 96), (96, 192), (192, 384), (384, 768), (768, 1536), (1536, 3072))
"""(i1, i2) of Eq. 3, block by block."""
SLOPE = 0.01


class Discriminator(nn.Module):
    """Six blocks, average pooling, two fully connected layers (paper, Eq. 3 and below).

    Only training uses it; a bundle holds none.

    Parameters
    ----------
    width
        Factor on all channel counts; 1 is the paper (95 M parameters).

    Input ``(N, 1, Y, X)`` float32, normalised, any size; output ``(N,)`` float32 in (0, 1): 1 is
    captured, 0 is refocused.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        blocks, channels = [], 1
        for first, second in CHANNELS:
            blocks.append(Block(channels, scaled(first, width), scaled(second, width)))
            channels = scaled(second, width)
        self.blocks = nn.Sequential(*blocks)
        self.hidden = nn.Linear(channels, channels)
        self.score = nn.Linear(channels, 1)
        initialise(self)

    def forward(self, image: Tensor) -> Tensor:
        pooled = functional.adaptive_avg_pool2d(self.blocks(image), 1).flatten(1)
        score: Tensor = self.score(functional.leaky_relu(self.hidden(pooled), SLOPE))
        # In bfloat16 a sigmoid near 1 has steps of 0.004, which the squared distance would feel.
        return torch.sigmoid(score.float()).squeeze(1)


class Block(nn.Module):
    """Two convolutions, the second of stride 2 (Eq. 3)."""

    def __init__(self, channels: int, first: int, second: int) -> None:
        super().__init__()
        self.first = convolution(channels, first)
        self.second = convolution(first, second, stride=2)

    def forward(self, z: Tensor) -> Tensor:
        z = functional.leaky_relu(self.first(z), SLOPE)
        return functional.leaky_relu(self.second(z), SLOPE)
