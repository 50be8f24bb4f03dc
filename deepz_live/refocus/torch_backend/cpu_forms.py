"""The two networks made for running on a processor: in bands, to which all their steps belong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepz_live.model.generator import Generator
from deepz_live.model.planes import GAIN, STEM, PlanesNet, compress
from deepz_live.refocus.torch_backend.banded import (
    BandedUNet,
    PackedConvolution,
    band_rows,
    fill_edges,
    inside,
    packed,
    ringed,
)
from deepz_live.refocus.torch_backend.forms import load_network, of_image

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle

TAIL_PX = 4096
"""Pixels of the body of which planes are made in one go, within the cache."""

_PAIR = torch.float64
"""Two neighbouring float32 pixels, moved as one."""


class CpuPlanesForm:
    """:class:`PlanesNet` on a processor: ``(N, 1, Y, X)`` to ``(N, Z, Y, X)``, float32, normalised.

    The result's memory is used again by the next call with the same shape.
    """

    def __init__(self, network: PlanesNet, dtype: torch.dtype) -> None:
        # sinh(asinh(GAIN) x) / GAIN at the end: its first factor is given to what makes x.
        factor = math.asinh(GAIN)
        self._depth = network.gate.shape[1]
        self._gate = (network.gate.detach() * factor)[0]
        self._body = BandedUNet(network.body, dtype)
        self._head = self._ordered(network.head, factor, dtype)
        self._kept: Tensor | None = None

    def __call__(self, image: Tensor) -> Tensor:
        count, _, height, width = image.shape
        planes = self._memory((count, self._depth, height, width))
        for one, made in zip(image, planes, strict=True):
            compressed = compress(one)
            blocks = functional.pixel_unshuffle(compressed[None], STEM)
            self._planes(made, self._body(blocks), compressed)
        return planes

    def forget(self) -> None:
        """Give the memory back that is kept for the next image."""
        self._kept = None
        self._body.forget()

    def _planes(self, planes: Tensor, features: Tensor, compressed: Tensor) -> None:
        """``planes`` ``(Z, Y, X)`` of what the body made, and ``compressed`` ``(1, Y, X)``."""
        height, width = inside(features).shape[2:]
        rows = max(1, TAIL_PX // width)
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            made = self._head(features[:, :, top : bottom + 2]).float()
            lines = made.permute(0, 2, 3, 1)[0].contiguous()  # (Y, X, 2 Z 2)
            part = planes[:, STEM * top : STEM * bottom]
            _shuffle(part, lines)
            part.addcmul_(self._gate, compressed[:, STEM * top : STEM * bottom])
            _sinh(part, lines)

    def _ordered(self, head: nn.Conv2d, factor: float, dtype: torch.dtype) -> PackedConvolution:
        """``head``, its channels in the order (y, z, x) of the pixels that they become.

        So two neighbours along x lie beside each other, and are moved as one.
        """
        if head.bias is None:
            raise TypeError("A convolution of the networks has a bias.")
        order = torch.arange(len(head.bias)).view(self._depth, STEM, STEM)
        order = order.permute(1, 0, 2).reshape(-1)
        weight, bias = head.weight.detach() * factor, head.bias.detach() * factor
        return PackedConvolution(weight[order], bias[order], dtype, relu=False)

    def _memory(self, shape: tuple[int, ...]) -> Tensor:
        """That of the last call where it fits: new memory costs time."""
        if self._kept is None or self._kept.shape != shape:
            self._kept = None  # before new memory is asked for
            self._kept = torch.empty(shape)
        return self._kept


class CpuGeneratorForm:
    """:class:`Generator` on a processor: ``(N, 2, Y, X)`` to ``(N, 1, Y, X)``, normalised."""

    def __init__(self, network: Generator, dtype: torch.dtype) -> None:
        self._body = BandedUNet(network.body, dtype)
        # One channel costs nothing in float32, and is the result itself.
        self._head = packed(network.head, torch.float32, relu=False)
        first = network.body.down[0].first
        if not isinstance(first, nn.Conv2d):
            raise TypeError("The generator's first layer is no convolution.")
        self._to_image = packed(of_image(first), torch.float32, relu=True)
        self._per_um = first.weight.detach()[:, 1].sum(dim=(1, 2))

    def __call__(self, image_and_dpm: Tensor) -> Tensor:
        out = torch.empty((len(image_and_dpm), 1, *image_and_dpm.shape[2:]))
        for one, made in zip(image_and_dpm, out, strict=True):
            self._plane(made[0], self._body(one[None]))
        return out

    def uniform(self, image: Tensor, dpm: Tensor) -> Tensor:
        """``(1, 1, Y, X)`` and ``(P,)`` to ``(1, P, Y, X)``.

        The first convolution is linear in image and DPM: that of a flat DPM (padded by
        replication) is one number a channel, which goes into the bias. That of the image is made
        for every plane: to keep it and add the number takes four times as long.
        """
        height, width = image.shape[2:]
        given = ringed(1, height, width, torch.float32)
        inside(given).copy_(image)
        fill_edges(given)
        pair = torch.cat([image, image], dim=1)
        out = torch.empty((1, len(dpm), height, width))
        for distance, made in zip(dpm, out[0], strict=True):
            pair[:, 1] = distance
            first = self._to_image.shifted(self._per_um * distance)
            self._plane(made, self._body.with_first(pair, first, given))
        return out

    def forget(self) -> None:
        """Give the memory back that is kept for the next image."""
        self._body.forget()

    def _plane(self, plane: Tensor, features: Tensor) -> None:
        height, width = plane.shape
        rows = band_rows(width, features.shape[1])
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            plane[top:bottom] = self._head(features[:, :, top : bottom + 2].float())[0, 0]


CpuForm = CpuPlanesForm | CpuGeneratorForm


def load_cpu_form(bundle: Bundle, dtype: torch.dtype) -> CpuForm:
    """The network of ``bundle`` from its weights. Raises as :func:`load_network`."""
    network = load_network(bundle)
    if isinstance(network, Generator):
        return CpuGeneratorForm(network, dtype)
    return CpuPlanesForm(network, dtype)


def _shuffle(planes: Tensor, lines: Tensor) -> None:
    """``lines`` ``(Y, X, 2 Z 2)`` into ``planes`` ``(Z, 2 Y, 2 X)``."""
    height, width, _ = lines.shape
    pairs = lines.view(_PAIR).view(height, width, STEM, len(planes))
    target = planes.view(_PAIR).view(len(planes), height, STEM, width)
    target.copy_(pairs.permute(3, 0, 2, 1))


def _sinh(values: Tensor, spare: Tensor) -> None:
    """``sinh(x) / GAIN`` in place, to 1e-7 of the largest around: exp is faster than sinh.

    ``spare`` is memory of as many numbers, whose content is not needed any more.
    """
    values.exp_()
    inverse = torch.reciprocal(values, out=spare.view(values.shape))
    values.sub_(inverse).mul_(0.5 / GAIN)
