"""The network run by torch on the processor, channels last, in float32 or bfloat16."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.runner import (
    Image,
    OutOfMemory,
    first_line,
    memory_error,
    out_of_memory,
    stacked_uniform,
)
from deepz_live.refocus.torch_backend.cpu_forms import CpuForm, CpuGeneratorForm, load_cpu_form

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle
    from deepz_live.refocus.stack import Stack


class CpuRunner:
    """See :class:`Runner`. ``threads`` None leaves their number to torch."""

    notes: tuple[str, ...] = ()

    def __init__(
        self, bundle: Bundle, name: str, dtype: torch.dtype, *, threads: int | None = None
    ) -> None:
        self.provider = self.reason = name
        self._threads = threads
        self._form: CpuForm | None = load_cpu_form(bundle, dtype)

    def run(self, batch: Image) -> Image:
        """See :class:`Runner`."""
        return self._through(batch, lambda form: form(torch.from_numpy(batch)))

    def uniform(self, image: Image, dpm: Image) -> Image:
        """See :class:`Runner`."""

        def call(form: CpuForm) -> Tensor:
            if isinstance(form, CpuGeneratorForm):
                return form.uniform(torch.from_numpy(image), torch.from_numpy(dpm))
            return torch.from_numpy(stacked_uniform(self.run, image, dpm))

        return self._through(image, call)

    def stack(self, pixels: NDArray[Any]) -> Stack | None:  # noqa: ARG002
        """See :class:`Runner`: here planes are in this computer's memory anyway."""
        return None

    def step_down(self, error: Exception) -> bool:  # noqa: ARG002
        """See :class:`Runner`."""
        return False

    def close(self) -> None:
        """See :class:`Runner`."""
        self._form = None

    def _through(self, batch: Image, call: Callable[[CpuForm], Tensor]) -> Image:
        if self._form is None:
            raise RefocusError("The refocusing engine is closed; open the model again.")
        try:
            with told(self.provider, batch.shape), torch.inference_mode(), _threads(self._threads):
                planes: NDArray[np.float32] = call(self._form).numpy()
        except OutOfMemory:
            self._form.forget()  # what it keeps is of a size that was too large
            raise
        return planes


@contextmanager
def told(provider: str, shape: tuple[int, ...]) -> Iterator[None]:
    """Whatever torch raises on an image ``(…, Y, X)``, as this room's errors."""
    try:
        yield
    except RefocusError:
        raise
    except Exception as error:  # torch and its drivers raise RuntimeError and its kin
        if memory_error(error):
            raise out_of_memory(shape, provider) from error
        raise RefocusError(
            f"The network failed on an image of {shape[-2]} × {shape[-1]} px with provider "
            f"{provider} ({first_line(error)}); try provider CPU or a smaller image."
        ) from error


@contextmanager
def _threads(wanted: int | None) -> Iterator[None]:
    """As many threads as wanted inside; torch keeps that number for the whole process."""
    before = torch.get_num_threads()
    if wanted is None or wanted == before:
        yield
        return
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)
