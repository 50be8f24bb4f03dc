"""The network run by torch on a CUDA card; planes stay there until they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.runner import Image, stacked_uniform
from deepz_live.refocus.torch_backend.cpu import told
from deepz_live.refocus.torch_backend.device_stack import DeviceStack
from deepz_live.refocus.torch_backend.forms import Form, GeneratorForm, load_form
from deepz_live.refocus.torch_backend.resident import Resident

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle
    from deepz_live.refocus.stack import Stack

MAX_SHAPES = 2
"""Recorded graphs kept: each holds its memory; a changed region of interest makes a new one."""


class CudaRunner:
    """See :class:`Runner`. ``device`` is another one in tests: the same path without graphs."""

    notes: tuple[str, ...] = ()

    def __init__(
        self, bundle: Bundle, name: str, dtype: torch.dtype, *, device: str = "cuda"
    ) -> None:
        self.provider = self.reason = name
        self._facts = bundle.facts
        self._device = torch.device(device)
        self._form: Form | None = load_form(bundle, self._device, dtype)
        self._resident: dict[tuple[tuple[int, ...], str], Resident] = {}

    def run(self, batch: Image) -> Image:
        """See :class:`Runner`; the way of tiles and of surfaces of the generator."""
        return self._through(batch, lambda form: form(self._sent(batch)))

    def uniform(self, image: Image, dpm: Image) -> Image:
        """See :class:`Runner`."""

        def call(form: Form) -> Tensor:
            if isinstance(form, GeneratorForm):
                return form.uniform(self._sent(image), self._sent(dpm))
            return torch.from_numpy(stacked_uniform(self.run, image, dpm))

        return self._through(image, call)

    def stack(self, pixels: NDArray[Any]) -> Stack | None:
        """See :class:`Runner`."""
        form = self._started()
        with told(self.provider, pixels.shape), torch.inference_mode(), exact():
            planes = self._way(form, pixels)(pixels)
            return DeviceStack(planes, self._facts.z_planes_um, self._facts.output_normalization)

    def step_down(self, error: Exception) -> bool:  # noqa: ARG002
        """See :class:`Runner`."""
        return False

    def close(self) -> None:
        """See :class:`Runner`."""
        self._form = None
        self._resident.clear()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _way(self, form: Form, pixels: NDArray[Any]) -> Resident:
        key = (pixels.shape, pixels.dtype.str)
        if key not in self._resident:
            while len(self._resident) >= MAX_SHAPES:
                self._resident.pop(next(iter(self._resident)))
            self._resident[key] = Resident(form, self._facts, self._device, pixels)
        return self._resident[key]

    def _through(self, batch: Image, call: Callable[[Form], Tensor]) -> Image:
        form = self._started()
        with told(self.provider, batch.shape), torch.inference_mode(), exact():
            planes: NDArray[np.float32] = call(form).cpu().numpy()
        return planes

    def _sent(self, array: Image) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    def _started(self) -> Form:
        if self._form is None:
            raise RefocusError("The refocusing engine is closed; open the model again.")
        return self._form


def exact() -> Any:
    """Algorithms by a fixed rule, float32 as float32: same frame, same planes."""
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
