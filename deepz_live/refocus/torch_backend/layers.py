"""The networks' body made for running on a graphics card."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepz_live.model.generator import DownBlock, UNet, UpBlock

CHANNELS_LAST = torch.channels_last


class Convolution:
    """A 3×3 convolution with replicate padding, and ReLU if wanted: ``(N, C, Y, X)`` alike.

    Its numbers are those of ``layer`` in ``dtype``.
    """

    def __init__(
        self, layer: nn.Conv2d, device: torch.device, dtype: torch.dtype, *, relu: bool
    ) -> None:
        self._weight = _last(layer.weight, device, dtype)
        self._bias = None if layer.bias is None else layer.bias.detach().to(device, dtype)
        self._relu = relu

    def __call__(self, x: Tensor) -> Tensor:
        y = functional.conv2d(with_edges(x), self._weight, self._bias)
        return y.relu_() if self._relu else y


class RunningUNet:
    """:class:`UNet` made for running: ``(N, C, Y, X)`` float32 in, ``(N, k, Y, X)`` in ``dtype``.

    The first convolution, which costs next to nothing, is made in float32: what is rounded there
    goes through all the others. Channels last throughout.
    """

    def __init__(self, body: UNet, device: torch.device, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._down = [_block(block, device, dtype) for block in body.down]
        self._up = [_block(block, device, dtype) for block in body.up]
        self._enlarge = [
            (_last(layer.weight, device, dtype), layer.bias.detach().to(device, dtype))
            for layer in body.enlarge
            if isinstance(layer, nn.ConvTranspose2d) and layer.bias is not None
        ]
        self._first = Convolution(_layers(body.down[0])[0], device, torch.float32, relu=True)

    def __call__(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=CHANNELS_LAST)
        return self.after_first(self._first(x), x)

    def after_first(self, y: Tensor, *residual: Tensor) -> Tensor:
        """All but the first convolution, whose result is ``y`` ``(N, k, Y, X)``.

        ``residual`` are the channels of the input, which the first block adds to its result.
        """
        y = y.to(self._dtype, memory_format=CHANNELS_LAST)
        x = self._down[0][1](y)
        start = 0
        for part in residual:
            x[:, start : start + part.shape[1]] += part
            start += part.shape[1]
        return self._below(x)

    def _below(self, x: Tensor) -> Tensor:
        """All but the first block, whose result is ``x``."""
        skipped = [x]
        for first, second in self._down[1:]:
            x = functional.max_pool2d(x, 2)
            y = second(first(x))
            y[:, : x.shape[1]] += x
            x = y
            skipped.append(x)
        skipped.pop()
        for (weight, bias), (first, second) in zip(self._enlarge, self._up, strict=True):
            larger = functional.conv_transpose2d(x, weight, bias, stride=2)
            x = second(first(torch.cat([skipped.pop(), larger], dim=1)))
        return x


def _block(
    block: nn.Module, device: torch.device, dtype: torch.dtype
) -> tuple[Convolution, Convolution]:
    first, second = _layers(block)
    return (
        Convolution(first, device, dtype, relu=True),
        Convolution(second, device, dtype, relu=True),
    )


def _layers(block: nn.Module) -> tuple[nn.Conv2d, nn.Conv2d]:
    if not isinstance(block, DownBlock | UpBlock):
        raise TypeError(f"{type(block).__name__} is no block of a U-Net.")
    return block.first, block.second


def with_edges(x: Tensor) -> Tensor:
    """One pixel of replication around ``(N, C, Y, X)``, channels last as before.

    Torch's own for CUDA would change the memory order there and back.
    """
    count, channels, height, width = x.shape
    out = torch.empty(
        (count, channels, height + 2, width + 2),
        dtype=x.dtype,
        device=x.device,
        memory_format=CHANNELS_LAST,
    )
    out[:, :, 1:-1, 1:-1] = x
    out[:, :, 1:-1, 0] = x[:, :, :, 0]
    out[:, :, 1:-1, -1] = x[:, :, :, -1]
    out[:, :, 0] = out[:, :, 1]
    out[:, :, -1] = out[:, :, -2]
    return out


def _last(weight: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    return weight.detach().to(device, dtype).contiguous(memory_format=CHANNELS_LAST)
