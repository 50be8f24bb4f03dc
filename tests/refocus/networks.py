"""Bundles of small real networks with random weights, for the back end that loads weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from deepz_live.config import Optics
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import WEIGHTS, Bundle, BundleFacts
from deepz_live.model.generator import Generator
from deepz_live.model.planes import PlanesNet

WIDTH = 0.1


def write_bundle(
    folder: Path, network: str, z_planes_um: tuple[float, ...]
) -> tuple[Bundle, torch.nn.Module]:
    """Weights and test arrays without ONNX: what torch alone needs."""
    folder.mkdir()
    torch.manual_seed(0)
    made = Generator(WIDTH) if network == "generator" else PlanesNet(z_planes_um, WIDTH, 3)
    torch.nn.init.normal_(made.head.weight, std=0.05)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(parameter.half().float())
    made.eval()
    save_file({k: v.half() for k, v in made.state_dict().items()}, folder / WEIGHTS)
    channels = 2 if network == "generator" else 1
    given = np.random.default_rng(0).random((1, channels, 32, 32), np.float32)
    np.save(folder / "test_input.npy", given)
    np.save(folder / "test_output.npy", reference(made, given))
    facts = BundleFacts(
        network=network,
        width=WIDTH,
        z_planes_um=z_planes_um,
        pixel_size_um=0.325,
        optics=Optics(),
        channel="TexasRed",
        exposure_ms=20.0,
        normalization=Normalization(background_counts=100, scale_counts=500),
        intensity_counts=(90, 2000),
        multiple=made.multiple,
        margin_px=128 if network == "generator" else 64,
    )
    return Bundle(folder, facts, "0" * 64), made


def reference(network: torch.nn.Module, batch: np.ndarray) -> np.ndarray:
    """``(N, C, Y, X)`` through the network as it was trained, float32."""
    with torch.no_grad():
        return network(torch.from_numpy(batch)).numpy()
