"""The planes model: one image in, all planes of a fixed z grid out, in one pass.

See ``docs/decisions/0002-planes-model.md`` for what was measured on the way to this shape.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepz_live.model.generator import UNet, convolution

STEM = 2
"""The body works on 2x2 pixel blocks as channels: a quarter of the positions, wider layers."""
OUTER_CHANNELS = (64, 64, 96, 128, 128, 128)
"""Channels by level, from full resolution downwards; as many levels are used as asked for."""
GAIN = 30.0
"""Intensities pass through asinh(GAIN x), so that faint defocus rings and peaks weigh alike."""
SKIP_DEPTH_UM = 1.0


class PlanesNet(nn.Module):
    """U-Net over 2x2 pixel blocks with a gated skip from the input to every plane.

    Parameters
    ----------
    z_planes_um
        The z grid of the output, relative to the input plane.
    width
        Factor on the channel counts.
    levels
        Resolutions; how far the network sees doubles with each.

    Input ``(N, 1, Y, X)`` float32, normalised; output ``(N, Z, Y, X)`` float32, normalised.
    Y and X must be multiples of :attr:`multiple`.
    """

    def __init__(self, z_planes_um: tuple[float, ...], width: float = 1.0, levels: int = 4) -> None:
        super().__init__()
        self.multiple = STEM * 2 ** (levels - 1)
        outer = [max(4, round(c * width)) for c in OUTER_CHANNELS[:levels]]
        down = [(max(4, round(0.75 * c)), c) for c in outer]
        up = [(round(1.5 * c), c) for c in outer[:-1]]
        self.body = UNet(STEM**2, down, up)
        self.head = convolution(outer[0], len(z_planes_um) * STEM**2)
        distance = torch.tensor(z_planes_um).view(1, -1, 1, 1)
        self.gate = nn.Parameter(torch.exp(-((distance / SKIP_DEPTH_UM) ** 2) / 2))
        self._initialise()

    def forward(self, image: Tensor) -> Tensor:
        return expand(self.compressed(compress(image)))

    def compressed(self, image: Tensor) -> Tensor:
        """The same on compressed intensities, where the training loss is taken."""
        blocks = functional.pixel_unshuffle(image, STEM)
        change = functional.pixel_shuffle(self.head(self.body(blocks)), STEM)
        return change + self.gate * image

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.head.weight, std=1e-3)


def compress(values: Tensor) -> Tensor:
    """asinh(GAIN x) / asinh(GAIN): 0 to 0, 1 to 1.

    Written with log1p, which has vector instructions on a CPU where asinh has none.
    """
    scaled = GAIN * values.abs()
    root = torch.sqrt(scaled * scaled + 1)
    curve = torch.log1p(scaled + scaled * scaled / (root + 1))
    return torch.sign(values) * curve / math.asinh(GAIN)


def expand(values: Tensor) -> Tensor:
    """Inverse of :func:`compress`."""
    return torch.sinh(math.asinh(GAIN) * values) / GAIN
