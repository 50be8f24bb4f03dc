"""The two networks made for running: reduced precision in the convolutions, nowhere else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from deepz_live.model.generator import Generator
from deepz_live.model.planes import GAIN, STEM, PlanesNet, compress
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.runner import CPU_BATCH_PX, DEVICE_BATCH_PX
from deepz_live.refocus.torch_backend.layers import CHANNELS_LAST, Convolution, RunningUNet

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle

CACHE_PX = 32 * 128
"""Pixels of the body of which a processor makes planes in one go, within its cache."""


class PlanesForm:
    """:class:`PlanesNet` on a device: ``(N, 1, Y, X)`` to ``(N, Z, Y, X)``, float32, normalised.

    The result's memory is used again by the next call with the same shape.
    """

    def __init__(self, network: PlanesNet, device: torch.device, dtype: torch.dtype) -> None:
        # sinh(asinh(GAIN) x) / GAIN at the end: its first factor is given to what makes x.
        factor = math.asinh(GAIN)
        head = network.head
        with torch.no_grad():
            head.weight *= factor
            if head.bias is not None:
                head.bias *= factor
        self._gate = (network.gate.detach() * factor).to(device)
        self._body = RunningUNet(network.body, device, dtype)
        self._head = Convolution(head, device, dtype, relu=False)
        self._kept: Tensor | None = None

    def __call__(self, image: Tensor) -> Tensor:
        compressed = compress(image)
        made = self._head(self._body(functional.pixel_unshuffle(compressed, STEM)))
        count, channels, height, width = made.shape
        planes = self._memory((count, channels // STEM**2, STEM * height, STEM * width), image)
        rows = max(1, CACHE_PX // width) if image.device.type == "cpu" else height
        for top in range(0, height, rows):
            bottom = min(top + rows, height)
            part = planes[:, :, STEM * top : STEM * bottom]
            shuffle_into(part, made[:, :, top:bottom])
            part.addcmul_(self._gate, compressed[:, :, STEM * top : STEM * bottom])
            part.sinh_().mul_(1 / GAIN)
        return planes

    def _memory(self, shape: tuple[int, ...], image: Tensor) -> Tensor:
        """For the planes: on a CPU that of the last call, where new memory costs time.

        On a card the allocator keeps it, and a recorded graph needs memory of its own.
        """
        if self._kept is not None and self._kept.shape == shape:
            return self._kept
        planes = torch.empty(shape, device=image.device)
        if image.device.type == "cpu":
            self._kept = planes
        return planes


class GeneratorForm:
    """:class:`Generator` on a device: ``(N, 2, Y, X)`` to ``(N, 1, Y, X)`` float32, normalised."""

    def __init__(self, network: Generator, device: torch.device, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._body = RunningUNet(network.body, device, dtype)
        # One channel costs nothing in float32, and is the result itself.
        self._head = Convolution(network.head, device, torch.float32, relu=False)
        self._batch_px = CPU_BATCH_PX if device.type == "cpu" else DEVICE_BATCH_PX
        first = network.body.down[0].first
        if not isinstance(first, nn.Conv2d) or first.bias is None:
            raise TypeError("The generator's first layer is no convolution with a bias.")
        weight = first.weight.detach().float()
        self._to_image = Convolution(_of_image(first), device, torch.float32, relu=False)
        self._per_um = weight[:, 1].sum(dim=(1, 2)).to(device).view(1, -1, 1, 1)

    def __call__(self, image_and_dpm: Tensor) -> Tensor:
        return self._head(self._body(image_and_dpm).float())

    def uniform(self, image: Tensor, dpm: Tensor) -> Tensor:
        """``(1, 1, Y, X)`` and ``(P,)`` to ``(1, P, Y, X)``, in as many passes as is quickest.

        The first convolution is linear in image and DPM: that of the image is made once, that of
        a flat DPM (padded by replication) is one number a channel.
        """
        height, width = image.shape[2:]
        shared = self._to_image(image)
        own = dpm.view(-1, 1, 1, 1)
        out = torch.empty((1, len(own), height, width), device=image.device)
        size = max(1, self._batch_px // (height * width))
        for start in range(0, len(own), size):
            part = own[start : start + size]
            made = self._body.after_first(self._first(shared, part), image, part)
            out[0, start : start + len(part)] = self._head(made.float())[:, 0]
        return out

    def _first(self, shared: Tensor, part: Tensor) -> Tensor:
        """The first convolution of every plane, from that of the image; channels last."""
        shape = (len(part), *shared.shape[1:])
        first = torch.empty(
            shape, dtype=self._dtype, device=shared.device, memory_format=CHANNELS_LAST
        )
        torch.add(shared, self._per_um * part, out=first)
        return first.relu_()


Form = PlanesForm | GeneratorForm


def load_form(bundle: Bundle, device: torch.device, dtype: torch.dtype) -> Form:
    """The network of ``bundle`` from its weights, on ``device``.

    Raises
    ------
    RefocusError
        The weights are not those of the network that the facts name.
    """
    facts = bundle.facts
    weights = {name: value.float() for name, value in load_file(bundle.weights_path).items()}
    network: Generator | PlanesNet
    if facts.network == "generator":
        network = Generator(facts.width)
    else:
        levels = max(1, (facts.multiple // STEM).bit_length())
        network = PlanesNet(facts.z_planes_um, facts.width, levels)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise RefocusError(
            f"{bundle.weights_path.name} of bundle {bundle.name} does not hold a "
            f"{facts.network} network of width {facts.width:g}; train or export it again."
        ) from error
    network.eval().requires_grad_(False)
    if isinstance(network, Generator):
        return GeneratorForm(network, device, dtype)
    return PlanesForm(network, device, dtype)


def shuffle_into(planes: Tensor, blocks: Tensor) -> None:
    """``pixel_shuffle`` of ``blocks`` ``(N, 4 Z, Y, X)`` into ``planes`` ``(N, Z, 2 Y, 2 X)``.

    One change of memory order after the other, which is several times faster than both at once.
    """
    count, channels, height, width = blocks.shape
    depth = channels // STEM**2
    ordered = torch.empty(blocks.shape, device=blocks.device)
    source = ordered.copy_(blocks).view(count, depth, STEM, STEM, height, width)
    target = planes.view(count, depth, height, STEM, width, STEM)
    for y in range(STEM):
        for x in range(STEM):
            target[:, :, :, y, :, x].copy_(source[:, :, y, x])


def _of_image(first: nn.Conv2d) -> nn.Conv2d:
    """The part of the first convolution that looks at the image."""
    part = nn.Conv2d(1, first.out_channels, 3)
    with torch.no_grad():
        part.weight.copy_(first.weight[:, :1])
        if part.bias is not None and first.bias is not None:
            part.bias.copy_(first.bias)
    return part
