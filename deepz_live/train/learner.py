"""A network that learns: with its optimiser, on its device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Learner:
    """One network and its optimiser; :meth:`place` it before use.

    Attributes
    ----------
    network
        The network itself, whose weights are saved and exported.
    optimiser
        Its optimiser.
    """

    def __init__(self, network: nn.Module, optimiser: Optimizer, clip_norm: float | None) -> None:
        self.network, self.optimiser = network, optimiser
        self._clip_norm = clip_norm
        self._rates = [float(group["lr"]) for group in optimiser.param_groups]
        self._fabric: Any = None
        self._module: Any = None
        self._stepper: Any = None

    def place(self, fabric: Fabric, method: str = "forward") -> None:
        """Move to the device; ``method`` of the network is what training calls."""
        self._fabric, self._method = fabric, method
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._module, self._stepper = fabric.setup(self.network, self.optimiser)
        if method != "forward":
            self._module.mark_forward_method(method)

    def __call__(self, images: Tensor) -> Tensor:
        """Output in float32; its gradients will be averaged over all processes."""
        return self._call(self._module, images)

    def alone(self, images: Tensor) -> Tensor:
        """The same where no gradient of the weights is wanted: other processes are not asked."""
        return self._call(self.network, images)

    def scale_rate(self, factor: float) -> None:
        """Set the learning rate to ``factor`` times that at the start."""
        for group, rate in zip(self.optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor

    def step(self, loss: Tensor) -> None:
        """One update of the weights towards a smaller ``loss``."""
        self.optimiser.zero_grad(set_to_none=True)
        self._fabric.backward(loss)
        if self._clip_norm is not None:
            self._fabric.clip_gradients(
                self._module, self._stepper, max_norm=self._clip_norm, error_if_nonfinite=False
            )
        self._stepper.step()

    def _call(self, module: Any, images: Tensor) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        with self._fabric.autocast():
            output: Tensor = getattr(module, self._method)(images)
        # In the order of the targets: sums of the two then run through memory once.
        return output.to(torch.float32, memory_format=torch.contiguous_format)
