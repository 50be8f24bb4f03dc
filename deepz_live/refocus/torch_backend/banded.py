"""The networks' body on a processor: the plain one's numbers, without new memory for a frame.

A convolution with replicated edges asks for a copy of its whole input with one more pixel around,
and its result for new memory, whose pages the system clears one by one. Both cost more than a
tenth of a frame, and twice that where the processor multiplies in bfloat16. Here images carry
that pixel with them (*ringed*: ``(1, C, Y + 2, X + 2)``, channels last), in memory that is kept,
and convolutions are made in bands of rows that the cache holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepz_live.model.generator import DownBlock, UNet, UpBlock

CHANNELS_LAST = torch.channels_last
BAND_PX = 8192
"""Pixels of a band of :data:`BAND_CHANNELS` channels; narrower ones are as many times as high.
Smaller bands make threads wait for each other more often than larger ones miss the cache."""

BAND_CHANNELS = 192

KEPT_BYTES = 2**28
"""More memory than that is given back after every image: about 1000² for the paper's generator."""

KEPT_SIZES = 4
"""Sizes whose packed weights are kept: bands, and last bands that are narrower."""


class PackedConvolution:
    """A convolution without padding, and ReLU if wanted: ``(1, C, Y, X)``, channels last.

    Its numbers are those of ``weight`` ``(K, C, h, w)`` and ``bias`` in ``dtype``. With oneDNN
    the weights are brought into that library's order once a size of images instead of in every
    call, and ReLU comes with the product. The order that is right for one size may be slow for
    another.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, *, relu: bool) -> None:
        self._weight = weight.detach().to(dtype).contiguous(memory_format=CHANNELS_LAST)
        self._bias = bias.detach().to(dtype)
        self._relu = relu
        self._packable = can_pack(dtype)
        self._packed: dict[tuple[int, ...], Tensor] = {}

    def shifted(self, more: Tensor) -> PackedConvolution:
        """The same with ``more`` ``(K,)`` added to the bias; packed weights are shared."""
        other = copy(self)
        other._bias = self._bias + more.to(self._bias.dtype)
        return other

    @property
    def made(self) -> int:
        """Channels that come out."""
        return len(self._weight)

    def __call__(self, x: Tensor) -> Tensor:
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


class BandedUNet:
    """:class:`UNet` on a processor, one image at a time.

    The first convolution, which costs next to nothing, is made in float32: what is rounded there
    goes through all the others. Results are ringed, and valid until the next call.
    """

    def __init__(self, body: UNet, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._down = [_block(block, dtype) for block in body.down]
        self._up = [_block(block, dtype) for block in body.up]
        self._enlarge = [_Enlarging(layer, dtype) for layer in body.enlarge]
        first = _layers(body.down[0])[0]
        self._channels = first.in_channels
        self._first = packed(first, torch.float32, relu=True)
        self._memory: _Memory | None = None

    def __call__(self, image: Tensor) -> Tensor:
        """``(1, C, Y, X)`` float32 to ``(1, k, Y + 2, X + 2)``, the last block's result."""
        memory = self._memory_for(image)
        given = memory.levels[0].given
        inside(given).copy_(image)
        fill_edges(given)
        into(memory.levels[0].inner(self._down[0][0].made), self._first, given)
        return self._after_first(memory)

    def with_first(self, image: Tensor, first: PackedConvolution, given: Tensor) -> Tensor:
        """As a call, but the first convolution is ``first``, with ReLU, of ``given`` (ringed).

        ``image`` ``(1, C, Y, X)`` float32 is what the first block adds to its result.
        """
        memory = self._memory_for(image)
        inside(memory.levels[0].given).copy_(image)
        into(memory.levels[0].inner(self._down[0][0].made), first, given)
        return self._after_first(memory)

    def forget(self) -> None:
        """Give the memory back that is kept for the next image."""
        self._memory = None

    def _after_first(self, memory: _Memory) -> Tensor:
        first, *below = memory.levels
        x = self._second(first, self._down[0])
        for level, block in zip(below, self._down[1:], strict=True):
            _pool_into(level.given, x)
            into(level.inner(block[0].made), block[0], level.given)
            x = self._second(level, block)
        for level, enlarge, (one, two) in zip(
            reversed(memory.levels[:-1]), self._enlarge, self._up, strict=True
        ):
            both = level.outer(level.skipped + enlarge.made)
            enlarge.into(both[:, level.skipped :], x)
            inner = level.inner(one.made)
            into(inner, one, both)
            x = level.outer(two.made)  # what was joined there has been used
            into(x, two, inner)
        if memory.size > KEPT_BYTES:
            self.forget()
        return x

    @staticmethod
    def _second(level: _Level, block: _Block) -> Tensor:
        """The second convolution on the way down, with the block's input added to it."""
        x = level.outer(level.joined)[:, : level.skipped]
        into(x, block[1], level.inner(block[0].made), plus=level.given)
        return x

    def _memory_for(self, image: Tensor) -> _Memory:
        shape = (image.shape[2], image.shape[3])
        if self._memory is None or self._memory.shape != shape:
            self.forget()  # before new memory is asked for
            self._memory = _Memory(shape, [self._level(n, shape) for n in range(len(self._down))])
        return self._memory

    def _level(self, number: int, shape: tuple[int, int]) -> _Level:
        height, width = (side >> number for side in shape)
        skipped = self._down[number][1].made
        channels = self._down[number - 1][1].made if number else self._channels
        joined, widest = skipped, self._down[number][0].made
        above = len(self._down) - 2 - number  # the way up begins at the bottom
        if above >= 0:
            joined += self._enlarge[above].made
            widest = max(widest, self._up[above][0].made)
        given = ringed(channels, height, width, self._dtype if number else torch.float32)
        inner, outer = (ringed(n, height, width, self._dtype) for n in (widest, joined))
        return _Level(given, inner, outer, skipped, joined)


_Block = tuple[PackedConvolution, PackedConvolution]


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """Memory of one resolution: what a block is given, makes first, and hands on.

    ``outer`` holds the ``skipped`` channels of the way down beside the enlarged ones, ``joined``
    in all, and later what the way up makes of them.
    """

    given: Tensor
    _inner: Tensor
    _outer: Tensor
    skipped: int
    joined: int

    def inner(self, channels: int) -> Tensor:
        return _with_channels(self._inner, channels)

    def outer(self, channels: int) -> Tensor:
        return _with_channels(self._outer, channels)

    @property
    def size(self) -> int:
        return sum(part.nbytes for part in (self.given, self._inner, self._outer))


class _Memory:
    def __init__(self, shape: tuple[int, int], levels: list[_Level]) -> None:
        self.shape = shape
        self.levels = levels
        self.size = sum(level.size for level in levels)


class _Enlarging:
    """A transposed convolution of 2×2 with stride 2: four products for every pixel."""

    def __init__(self, layer: nn.Module, dtype: torch.dtype) -> None:
        if not isinstance(layer, nn.ConvTranspose2d) or layer.bias is None:
            raise TypeError(f"{type(layer).__name__} does not enlarge.")
        weight = layer.weight  # (C, k, 2, 2)
        channels, self.made = weight.shape[:2]
        flat = weight.permute(2, 3, 1, 0).reshape(4 * self.made, channels, 1, 1)
        self._product = PackedConvolution(flat, layer.bias.repeat(4), dtype, relu=False)

    def into(self, out: Tensor, x: Tensor) -> None:
        """``x`` ``(1, C, Y + 2, X + 2)`` into ``out`` ``(1, k, 2 Y + 2, 2 X + 2)``, both ringed."""
        height, width = inside(x).shape[2:]
        rows = band_rows(4 * width, self.made)
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            made = self._product(x[:, :, top + 1 : bottom + 1])
            source = made.permute(0, 2, 3, 1)[0, :, 1:-1]
            target = out.permute(0, 2, 3, 1)[0, 2 * top + 1 : 2 * bottom + 1, 1:-1]
            target = target.view(bottom - top, 2, width, 2, self.made)
            target.copy_(source.view(-1, width, 2, 2, self.made).permute(0, 2, 1, 3, 4))
        fill_edges(out)


def into(
    out: Tensor, convolution: PackedConvolution, x: Tensor, *, plus: Tensor | None = None
) -> None:
    """A 3×3 convolution of ``x`` into ``out``, both ringed; ``plus`` is added to its channels."""
    height, width = inside(out).shape[2:]
    rows = band_rows(width, max(x.shape[1], convolution.made))
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        made = convolution(x[:, :, top : bottom + 2])
        if plus is not None:
            made += _widened(inside(plus)[:, :, top:bottom], made)
        inside(out)[:, :, top:bottom].copy_(made)
    fill_edges(out)


def band_rows(width: int, channels: int) -> int:
    """Rows of a band of images ``(1, channels, Y, width)``."""
    return max(1, BAND_PX * max(1, BAND_CHANNELS // channels) // width)


def _bands(x: Tensor, rows: int) -> Iterator[Tensor]:
    """``x`` ``(1, C, Y, X)``, so many rows at a time."""
    for top in range(0, x.shape[2], rows):
        yield x[:, :, top : top + rows]


def ringed(channels: int, height: int, width: int, dtype: torch.dtype) -> Tensor:
    """Memory for ``(1, C, Y + 2, X + 2)``, channels last."""
    shape = (1, channels, height + 2, width + 2)
    return torch.empty(shape, dtype=dtype, memory_format=CHANNELS_LAST)


def inside(x: Tensor) -> Tensor:
    """A ringed image without its edge."""
    return x[:, :, 1:-1, 1:-1]


def fill_edges(x: Tensor) -> None:
    """Write the edge of a ringed image: replication of the pixels beside it."""
    x[:, :, 1:-1, 0] = x[:, :, 1:-1, 1]
    x[:, :, 1:-1, -1] = x[:, :, 1:-1, -2]
    x[:, :, 0] = x[:, :, 1]
    x[:, :, -1] = x[:, :, -2]


def packed(layer: nn.Conv2d, dtype: torch.dtype, *, relu: bool) -> PackedConvolution:
    """``layer`` made for running."""
    if layer.bias is None:
        raise TypeError("A convolution of the networks has a bias.")
    return PackedConvolution(layer.weight, layer.bias, dtype, relu=relu)


def can_pack(dtype: torch.dtype) -> bool:
    """True where this torch and processor let others use oneDNN's packed convolutions."""
    names = ("_reorder_convolution_weight", "_convolution_pointwise")
    has_onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not has_onednn or not all(hasattr(_ops().mkldnn, name) for name in names):
        return False
    return dtype == torch.float32 or bool(_ops().mkldnn._is_mkldnn_bf16_supported())


def _widened(x: Tensor, like: Tensor) -> Tensor:
    """``x`` with as many channels and in the numbers of ``like``, zero where it had none.

    Sums of all channels take a fifth of the time of sums of some, copies hardly less.
    """
    missing = like.shape[1] - x.shape[1]
    x = x.to(like.dtype, memory_format=CHANNELS_LAST)
    return functional.pad(x, (0, 0, 0, 0, 0, missing))


def _pool_into(out: Tensor, x: Tensor) -> None:
    """The largest of every 2×2 pixels of ``x`` into ``out``, both ringed."""
    rows = band_rows(x.shape[3], x.shape[1]) // 2 or 1
    x = inside(x)
    pairs = zip(_bands(x[:, :, ::2], rows), _bands(x[:, :, 1::2], rows), strict=True)
    for small, (upper, lower) in zip(_bands(inside(out), rows), pairs, strict=True):
        # Rows first: they lie whole in memory.
        higher = torch.maximum(upper, lower)
        torch.maximum(higher[..., ::2], higher[..., 1::2], out=small)
    fill_edges(out)


def _with_channels(memory: Tensor, channels: int) -> Tensor:
    """The beginning of ``memory`` as an image of the same size with fewer channels."""
    _, _, height, width = memory.shape
    flat = memory.permute(0, 2, 3, 1).view(-1)[: height * width * channels]
    return flat.view(1, height, width, channels).permute(0, 3, 1, 2)


def _block(block: nn.Module, dtype: torch.dtype) -> _Block:
    first, second = _layers(block)
    return packed(first, dtype, relu=True), packed(second, dtype, relu=True)


def _layers(block: nn.Module) -> tuple[nn.Conv2d, nn.Conv2d]:
    if not isinstance(block, DownBlock | UpBlock):
        raise TypeError(f"{type(block).__name__} is no block of a U-Net.")
    return block.first, block.second


def _ops() -> Any:
    return torch.ops
