"""The generator of the paper: a U-Net from (image, DPM) to the image on the DPM's surface."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

DOWN_CHANNELS = ((25, 48), (72, 96), (144, 192), (288, 384), (576, 768))
"""(k1, k2) of Eq. 1, from full resolution downwards."""
UP_CHANNELS = ((72, 48), (144, 96), (288, 192), (576, 384))
"""(k3, k4) of Eq. 2, from full resolution downwards."""
DPM_SCALE_UM = 10.0
"""The network sees DPM / 10, so that both inputs have a similar range (paper, Methods)."""
INITIAL_BIAS = 0.1


class Generator(nn.Module):
    """Deep-Z's generator (paper, "Deep-Z network architecture", Eq. 1 and 2).

    Parameters
    ----------
    width
        Factor on all channel counts; 1 is the paper (17.4 M parameters).

    Input ``(N, 2, Y, X)`` float32: normalised image, DPM in µm / 10. Output ``(N, 1, Y, X)``.
    Y and X must be multiples of :attr:`multiple`.
    """

    multiple = 2 ** (len(DOWN_CHANNELS) - 1)

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        down = [(scaled(a, width), scaled(b, width)) for a, b in DOWN_CHANNELS]
        up = [(scaled(a, width), scaled(b, width)) for a, b in UP_CHANNELS]
        self.body = UNet(2, down, up)
        self.head = convolution(up[0][1], 1)
        initialise(self)

    def forward(self, image_and_dpm: Tensor) -> Tensor:
        head: Tensor = self.head(self.body(image_and_dpm))
        return head


class UNet(nn.Module):
    """Down-sampling path, up-sampling path and the connections between them."""

    def __init__(
        self, channels: int, down: list[tuple[int, int]], up: list[tuple[int, int]]
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        for inner, outer in down:
            self.down.append(DownBlock(channels, inner, outer))
            channels = outer
        self.enlarge = nn.ModuleList()
        self.up = nn.ModuleList()
        for (inner, outer), (_, skipped) in zip(reversed(up), reversed(down[:-1]), strict=True):
            self.enlarge.append(nn.ConvTranspose2d(channels, outer, 2, stride=2))
            self.up.append(UpBlock(outer + skipped, inner, outer))
            channels = outer

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, Y, X)`` to ``(N, k4 of the first level, Y, X)``."""
        skipped = []
        for level, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if level else x)
            skipped.append(x)
        skipped.pop()
        for enlarge, block in zip(self.enlarge, self.up, strict=True):
            x = block(torch.cat([skipped.pop(), enlarge(x)], dim=1))
        return x


class DownBlock(nn.Module):
    """Two convolutions and a residual connection, zero-padded in the channels (Eq. 1)."""

    def __init__(self, channels: int, inner: int, outer: int) -> None:
        super().__init__()
        self.first = convolution(channels, inner)
        self.second = convolution(inner, outer)
        self.missing = max(0, outer - channels)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.second(functional.relu(self.first(x))))
        return y + functional.pad(x, (0, 0, 0, 0, 0, self.missing))


class UpBlock(nn.Module):
    """Two convolutions after the concatenation (Eq. 2)."""

    def __init__(self, channels: int, inner: int, outer: int) -> None:
        super().__init__()
        self.first = convolution(channels, inner)
        self.second = convolution(inner, outer)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))))


def convolution(channels: int, outer: int, stride: int = 1) -> nn.Conv2d:
    """3x3 with replicate padding of one pixel: every convolution of the paper's networks."""
    return nn.Conv2d(channels, outer, 3, stride, padding=1, padding_mode="replicate")


def scaled(channels: int, width: float) -> int:
    """``channels`` times ``width``, at least 1."""
    return max(1, round(channels * width))


def initialise(network: nn.Module) -> None:
    """Xavier weights, biases 0.1 (paper, Methods)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.constant_(module.bias, INITIAL_BIAS)
