"""A trained network to a bundle folder: ONNX, weights, facts, test arrays, README."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from safetensors.torch import save_file
from torch import nn

from deepz_live.model.bundle import ONNX, WEIGHTS, BundleFacts
from deepz_live.train.description import finish_bundle
from deepz_live.train.errors import TrainingError

OPSET = 18
PARITY = 1e-4
TEST_INPUT, TEST_OUTPUT = "test_input.npy", "test_output.npy"


def export_bundle(network: nn.Module, facts: BundleFacts, example: np.ndarray, out: Path) -> None:
    """Write a bundle; it appears under its name only when it is complete and checked.

    Parameters
    ----------
    network
        Trained generator or planes model, on any device.
    example
        ``(1, C, Y, X)`` float32, a normalised input: the bundle's test input.
    out
        Bundle folder; replaced if it is a bundle already.

    Raises
    ------
    TrainingError
        ONNX Runtime does not reproduce the network.
    """
    folder = out.with_name(out.name + ".part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    network = network.cpu().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    _round(network)
    _write_onnx(network, torch.from_numpy(example), folder / ONNX)
    save_file({k: v.half() for k, v in network.state_dict().items()}, folder / WEIGHTS)
    expected = _check_parity(network, example, folder / ONNX)
    np.save(folder / TEST_INPUT, example)
    np.save(folder / TEST_OUTPUT, expected)
    finish_bundle(folder, facts)
    if out.exists():
        shutil.rmtree(out)
    os.replace(folder, out)


def _round(network: nn.Module) -> None:
    """Round to what every engine keeps of the numbers, so that all run the same network.

    Weights of convolutions are multiplied in bfloat16 where the hardware can; all are shipped in
    half precision. The gates of the planes model, which say how much of the input a plane starts
    from, are added up in float32 everywhere: rounded to bfloat16 they would show.
    """
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                module.weight.copy_(module.weight.bfloat16())
        for parameter in network.parameters():
            parameter.copy_(parameter.half())


def _write_onnx(network: nn.Module, example: torch.Tensor, path: Path) -> None:
    # The exporter warns of its own internals and of torchvision, which nobody here can mend.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    sizes = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    batch = {0: torch.export.Dim.DYNAMIC}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(
            network,
            (torch.cat([example, example]),),
            input_names=["image"],
            output_names=["planes"],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=({**batch, **sizes},),
            verbose=False,
        )
    if program is None:
        raise TrainingError("The network could not be written as ONNX; report this as a bug.")
    program.save(path, external_data=False)


def _check_parity(network: nn.Module, example: np.ndarray, path: Path) -> np.ndarray:
    with torch.no_grad():
        expected: np.ndarray = network(torch.from_numpy(example)).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    # Another size and batch than the exported ones: both must really be free.
    other = np.concatenate([example, example], axis=3)
    found = session.run(None, {"image": other})[0]
    with torch.no_grad():
        wanted = network(torch.from_numpy(other)).numpy()
    error = float(np.linalg.norm(found - wanted)) / max(float(np.linalg.norm(wanted)), 1e-12)
    if not error < PARITY:
        raise TrainingError(
            f"ONNX Runtime differs from the trained network by {error:.1e} (relative), at most "
            f"{PARITY:.0e} is right; update onnxruntime and export again."
        )
    return expected
