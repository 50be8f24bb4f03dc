"""Where training computes: one device, or all the processes that ``torchrun`` has started."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import torch

from deepz_live.train.preset import Preset

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def open_fabric(preset: Preset, precision: torch.dtype | None = None) -> Fabric:
    """The devices of this run, as Lightning Fabric sees them.

    Without ``torchrun`` it is the first CUDA card, or the CPU. With it, every process has a
    device of its own, on as many machines as there are; gradients are averaged over all.

    Parameters
    ----------
    precision
        ``torch.float32`` or ``torch.bfloat16``; default: what the device is good at.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.precision import MixedPrecision, Precision

    class FloatInputs(MixedPrecision):
        """bfloat16 inside the network only.

        Fabric's own rounds inputs too, which the skip from the input to the planes would show.
        """

        def convert_input(self, data: Any) -> Any:
            return data

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    chosen = pick_precision(torch.device(kind)) if precision is None else precision
    plugin = FloatInputs("bf16-mixed", kind) if chosen == torch.bfloat16 else Precision()
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    fabric = Fabric(
        accelerator=kind,
        devices=local,
        num_nodes=processes // local,
        strategy="ddp" if processes > 1 else "auto",
        plugins=plugin,
    )
    fabric.launch()
    torch.backends.cudnn.benchmark = True  # crops are all of one size
    torch.manual_seed(preset.seed)
    return fabric


def pick_precision(device: torch.device) -> torch.dtype:
    """bfloat16 where the device computes in it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float32
    cpu = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if device.type == "cpu" and cpu else torch.float32
