"""The two networks on a graphics card: reduced precision in the convolutions, nowhere else."""

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
from deepz_live.refocus.runner import DEVICE_BATCH_PX
from deepz_live.refocus.torch_backend.layers import CHANNELS_LAST, Convolution, RunningUNet

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle


class PlanesForm:
    """:class:`PlanesNet` on a device: ``(N, 1, Y, X)`` to ``(N, Z, Y, X)``, float32, normalised."""

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

    def __call__(self, image: Tensor) -> Tensor:
        compressed = compress(image)
        made = self._head(self._body(functional.pixel_unshuffle(compressed, STEM)))
        planes = functional.pixel_shuffle(made.float(), STEM).contiguous()
        planes.addcmul_(self._gate, compressed)
        return planes.sinh_().mul_(1 / GAIN)


class GeneratorForm:
    """:class:`Generator` on a device: ``(N, 2, Y, X)`` to ``(N, 1, Y, X)`` float32, normalised."""

    def __init__(self, network: Generator, device: torch.device, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._body = RunningUNet(network.body, device, dtype)
        # One channel costs nothing in float32, and is the result itself.
        self._head = Convolution(network.head, device, torch.float32, relu=False)
        first = network.body.down[0].first
        if not isinstance(first, nn.Conv2d) or first.bias is None:
            raise TypeError("The generator's first layer is no convolution with a bias.")
        weight = first.weight.detach().float()
        self._to_image = Convolution(of_image(first), device, torch.float32, relu=False)
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
        size = max(1, DEVICE_BATCH_PX // (height * width))
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
    """The network of ``bundle`` from its weights, on ``device``. Raises as :func:`load_network`."""
    network = load_network(bundle)
    if isinstance(network, Generator):
        return GeneratorForm(network, device, dtype)
    return PlanesForm(network, device, dtype)


def load_network(bundle: Bundle) -> Generator | PlanesNet:
    """The network of ``bundle`` as it was trained, in float32.

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
    return network


def of_image(first: nn.Conv2d) -> nn.Conv2d:
    """The part of the generator's first convolution that looks at the image."""
    part = nn.Conv2d(1, first.out_channels, 3)
    with torch.no_grad():
        part.weight.copy_(first.weight[:, :1])
        if part.bias is not None and first.bias is not None:
            part.bias.copy_(first.bias)
    return part
