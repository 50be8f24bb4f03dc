"""Camera counts to normalised planes without leaving the device, recorded once as a CUDA graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from deepz_live.refocus.engines import DPM_SCALE_UM
from deepz_live.refocus.torch_backend.forms import Form, GeneratorForm

if TYPE_CHECKING:
    from deepz_live.model.bundle import BundleFacts

_UPLOADED = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))
"""Sent to the device as they are; anything else as float32."""

WARMUPS = 3
"""Passes before a graph is recorded, in which libraries choose and allocate."""


class Resident:
    """The whole way of one frame for one shape: upload, normalise, pad, network, crop.

    ``form`` runs on ``device``; on CUDA everything after the upload is one recorded graph, fed
    from pinned memory, and nothing is allocated for a frame. Elsewhere it runs step by step.
    """

    def __init__(
        self, form: Form, facts: BundleFacts, device: torch.device, pixels: NDArray[Any]
    ) -> None:
        self._form = form
        self._facts = facts
        self._device = device
        self._z = torch.tensor(facts.z_planes_um, device=device) / DPM_SCALE_UM
        on_cuda = device.type == "cuda"
        waiting = torch.from_numpy(as_uploaded(pixels).copy())
        self._waiting = waiting.pin_memory() if on_cuda else waiting
        self._given = torch.empty_like(waiting, device=device)
        self._graph: Any = None
        self._planes: Tensor | None = None
        if on_cuda:
            self._record()

    def __call__(self, pixels: NDArray[Any]) -> Tensor:
        """``(Y, X)`` counts to ``(Z, Y, X)`` float32 normalised, on the device.

        The memory of the result is used again by the next call.
        """
        self._waiting.copy_(torch.from_numpy(as_uploaded(pixels)))
        self._given.copy_(self._waiting, non_blocking=True)
        if self._graph is None or self._planes is None:
            return self._computed()
        self._graph.replay()
        return self._planes

    def _computed(self) -> Tensor:
        """What the graph records."""
        normalization = self._facts.normalization
        image = self._given.to(torch.float32)
        image = (image - normalization.background_counts) / normalization.scale_counts
        height, width = image.shape
        pad_y, pad_x = (-n % self._facts.multiple for n in (height, width))
        image = image[None, None]
        if pad_y or pad_x:
            image = functional.pad(image, (0, pad_x, 0, pad_y), mode="replicate")
        if isinstance(self._form, GeneratorForm):
            planes = self._form.uniform(image, self._z)
        else:
            planes = self._form(image)
        return planes[0, :, :height, :width]

    def _record(self) -> None:
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARMUPS):
                self._computed()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._planes = self._computed()
        self._graph = graph


def as_uploaded(pixels: NDArray[Any]) -> NDArray[Any]:
    """``pixels`` as the device takes them: contiguous, 8 or 16 bits or float32."""
    kept = pixels if pixels.dtype in _UPLOADED else pixels.astype(np.float32)
    return kept if kept.flags.c_contiguous and kept.flags.writeable else kept.copy()
