"""The network run by onnxruntime, on one of its execution providers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.runner import (
    CPU_BATCH_PX,
    DEVICE_BATCH_PX,
    FULL_PRECISION,
    REDUCED_PRECISION,
    Candidate,
    first_line,
    memory_error,
    out_of_memory,
    stacked_uniform,
)

if TYPE_CHECKING:
    from deepz_live.refocus.stack import Stack

PROVIDERS = {
    "TensorRT": "TensorrtExecutionProvider",
    "CUDA": "CUDAExecutionProvider",
    "DirectML": "DmlExecutionProvider",
    "CoreML": "CoreMLExecutionProvider",
    "OpenVINO": "OpenVINOExecutionProvider",
    "CPU": "CPUExecutionProvider",
}

# TensorRT builds its engine for minutes and picks kernels by timing, so that two starts may
# differ in the last bits: it is used when asked for by name, not by itself.
_ON_REQUEST = frozenset({"TensorRT"})

# These may compute in float16 or TensorFloat-32, by themselves or as the machine is set up.
_REDUCED = frozenset({"TensorRT", "CUDA", "DirectML", "CoreML", "OpenVINO"})

# Algorithms chosen by a fixed rule instead of by timing: same frame, same planes.
_OPTIONS: dict[str, dict[str, str]] = {"CUDA": {"cudnn_conv_algo_search": "HEURISTIC"}}

MakeSession = Callable[[str], Any]
Image = NDArray[np.float32]


class OnnxRunner:
    """A network in an onnxruntime session."""

    notes: tuple[str, ...] = ()

    def __init__(self, session: Any, provider: str) -> None:
        self.provider = self.reason = provider
        self._session = session
        self._options: Any = None
        self._input = session.get_inputs()[0].name
        self._output = session.get_outputs()[0].name

    def run(self, batch: Image) -> Image:
        """See :class:`Runner`."""
        if self._session is None:
            raise RefocusError("The refocusing engine is closed; open the model again.")
        try:
            (planes,) = self._session.run([self._output], {self._input: batch}, self._options)
        except Exception as error:  # onnxruntime's exceptions share no base class
            if memory_error(error):
                self._options = _thrifty(self.provider)
                raise out_of_memory(batch.shape, self.provider) from error
            raise RefocusError(
                f"The network failed on an image of {batch.shape[2]} × {batch.shape[3]} px with "
                f"provider {self.provider} ({first_line(error)}); try provider CPU or a smaller "
                "image."
            ) from error
        return np.asarray(planes, np.float32)

    def uniform(self, image: Image, dpm: Image) -> Image:
        """See :class:`Runner`."""
        batch_px = CPU_BATCH_PX if self.provider == "CPU" else DEVICE_BATCH_PX
        return stacked_uniform(self.run, image, dpm, batch_px=batch_px)

    def stack(self, pixels: NDArray[Any]) -> Stack | None:  # noqa: ARG002
        """See :class:`Runner`: onnxruntime's planes come back to the computer's memory."""
        return None

    def step_down(self, error: Exception) -> bool:  # noqa: ARG002
        """See :class:`Runner`."""
        return False

    def close(self) -> None:
        """See :class:`Runner`."""
        self._session = None


def _thrifty(provider: str) -> Any:
    """Options of runs that give back memory at their end.

    Otherwise onnxruntime keeps what an attempt took, and no smaller image finds room beside it.
    """
    options = ort.RunOptions()
    kinds = {"CPU": "cpu:0", "CUDA": "cpu:0;gpu:0", "TensorRT": "cpu:0;gpu:0"}
    if provider in kinds:  # the others have memory of their own kind
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", kinds[provider])
    return options


def available_providers() -> tuple[str, ...]:
    """Short names of the providers that this onnxruntime was built with, fastest kind first."""
    built = set(ort.get_available_providers())
    return tuple(name for name, full in PROVIDERS.items() if full in built)


def candidates(model: Path, *, threads: int | None = None) -> list[Candidate]:
    """Every provider of this onnxruntime as a way to run ``model``."""
    return from_sessions(_session_maker(model, threads), available_providers())


def from_sessions(make: MakeSession, names: Sequence[str]) -> list[Candidate]:
    """Candidates whose sessions ``make`` starts by name."""
    return [
        Candidate(
            name,
            lambda name=name: OnnxRunner(make(name), name),  # type: ignore[misc]
            tolerance=REDUCED_PRECISION if name in _REDUCED else FULL_PRECISION,
            on_request=name in _ON_REQUEST,
        )
        for name in names
    ]


def _session_maker(model: Path, threads: int | None) -> MakeSession:
    def make(name: str) -> Any:
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.use_deterministic_compute = True
        options.intra_op_num_threads = threads or 0
        # Threads that spin while idle would take the cores from camera, writer and window.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if name == "DirectML":
            options.enable_mem_pattern = False
        chosen: list[Any] = [(PROVIDERS[name], _OPTIONS.get(name, {}))]
        if name != "CPU":
            chosen.append(PROVIDERS["CPU"])
        session = ort.InferenceSession(str(model), options, providers=chosen)
        session.disable_fallback()
        if session.get_providers()[0] != PROVIDERS[name]:
            raise RefocusError(f"onnxruntime fell back to {session.get_providers()[0]}")
        return session

    return make
