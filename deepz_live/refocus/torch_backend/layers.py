"""The networks' convolutions made for running: packed once, with their activation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepz_live.model.generator import DownBlock, UNet, UpBlock

CHANNELS_LAST = torch.channels_last
KEPT_SIZES = 3
"""Sizes whose packed weights are kept: whole images, and batches that end smaller."""


class Convolution:
    """A 3×3 convolution with replicate padding, and ReLU if wanted: ``(N, C, Y, X)`` alike.

    Its numbers are those of ``layer`` in ``dtype``. On a CPU with oneDNN the weights are brought
    into that library's order once a size of images instead of in every call, and ReLU comes with
    the product. The order that is right for one size may be slow for another.
    """

    def __init__(
        self, layer: nn.Conv2d, device: torch.device, dtype: torch.dtype, *, relu: bool
    ) -> None:
        weight = layer.weight.detach().to(device, dtype)
        self._weight = weight.contiguous(memory_format=CHANNELS_LAST)
        self._bias = None if layer.bias is None else layer.bias.detach().to(device, dtype)
        self._relu = relu
        self._packable = device.type == "cpu" and can_pack()
        self._packed: dict[tuple[int, ...], Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        x = with_edges(x)
        if self._packable:
            activation = "relu" if self._relu else "none"
            made: Tensor = _ops().mkldnn._convolution_pointwise(
                x, self._packed_for(x), self._bias, [0, 0], [1, 1], [1, 1], 1, activation, [], ""
            )
            return made
        y = functional.conv2d(x, self._weight, self._bias)
        return y.relu_() if self._relu else y

    def _packed_for(self, x: Tensor) -> Tensor:
        """The weights in the order for images like ``x``."""
        key = tuple(x.shape)
        if key not in self._packed:
            while len(self._packed) >= KEPT_SIZES:
                self._packed.pop(next(iter(self._packed)))
            size = list(x.shape)
            self._packed[key] = _ops().mkldnn._reorder_convolution_weight(
                self._weight, [0, 0], [1, 1], [1, 1], 1, size
            )
        return self._packed[key]


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
    """One pixel of replication around ``(N, C, Y, X)``, channels last as before."""
    if x.device.type == "cpu":
        return functional.pad(x, (1, 1, 1, 1), mode="replicate")
    return edges_by_copies(x)


def edges_by_copies(x: Tensor) -> Tensor:
    """As :func:`with_edges`; torch's own for CUDA would change the memory order there and back."""
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


def can_pack() -> bool:
    """True where this torch has oneDNN and lets others use its packed convolutions."""
    names = ("_reorder_convolution_weight", "_convolution_pointwise")
    has_onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return has_onednn and all(hasattr(_ops().mkldnn, name) for name in names)


def _last(weight: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    return weight.detach().to(device, dtype).contiguous(memory_format=CHANNELS_LAST)


def _ops() -> Any:
    return torch.ops
