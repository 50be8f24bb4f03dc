"""The network run by onnxruntime, on the fastest execution provider that really starts.

Which one that is gets measured at the start; providers that fail are named in ``reason``, so
that an unused graphics card never goes unnoticed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from deepz_live.refocus.errors import RefocusError

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

# Algorithms chosen by a fixed rule instead of by timing: same frame, same planes.
_OPTIONS: dict[str, dict[str, str]] = {"CUDA": {"cudnn_conv_algo_search": "HEURISTIC"}}

MakeSession = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Started:
    """A session that ran its warm-up, and the seconds the second run took."""

    name: str
    session: Any
    seconds: float


class OnnxRunner:
    """A started network: float32 ``(N, C, Y, X)`` in, ``(N, P, Y, X)`` out."""

    def __init__(self, session: Any, provider: str, reason: str) -> None:
        self.provider = provider
        self.reason = reason
        self._session = session
        self._input = session.get_inputs()[0].name
        self._output = session.get_outputs()[0].name

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """One pass. Raises :class:`RefocusError` when onnxruntime fails or it is closed."""
        if self._session is None:
            raise RefocusError("The refocusing engine is closed; open the model again.")
        try:
            (planes,) = self._session.run([self._output], {self._input: batch})
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise RefocusError(
                f"The network failed on an image of {batch.shape[2]} × {batch.shape[3]} px with "
                f"provider {self.provider} ({_first_line(error)}); try provider CPU or a smaller "
                "image."
            ) from error
        return np.asarray(planes, np.float32)

    def close(self) -> None:
        """Free the network; harmless when called twice."""
        self._session = None


def available_providers() -> tuple[str, ...]:
    """Short names of the providers that this onnxruntime was built with, fastest kind first."""
    built = set(ort.get_available_providers())
    return tuple(name for name, full in PROVIDERS.items() if full in built)


def start(
    model: Path,
    warmup: NDArray[np.float32],
    *,
    provider: str | None = None,
    threads: int | None = None,
) -> OnnxRunner:
    """Start ``model`` on ``provider``, or on the one that is fastest on ``warmup``.

    Raises
    ------
    RefocusError
        Unknown or missing provider, or none that starts.
    """
    names = available_providers()
    if provider is not None:
        names = (_wanted(provider, names),)
    make = _session_maker(model, threads)
    return choose(make, names, warmup, asked=provider is not None)


def choose(
    make: MakeSession, names: Sequence[str], warmup: NDArray[np.float32], *, asked: bool
) -> OnnxRunner:
    """Start every provider of ``names``, keep the fastest; ``reason`` tells of all of them."""
    started: list[Started] = []
    notes: list[str] = []
    for name in names:
        if name in _ON_REQUEST and not asked:
            notes.append(f"{name} is there and used only when asked for")
            continue
        try:
            session = make(name)
            started.append(Started(name, session, _measure(session, warmup)))
        except Exception as error:  # a driver may fail in any way; it is reported, not hidden
            notes.append(f"{name} failed to start ({_first_line(error)})")
    if not started:
        raise RefocusError(
            f"No execution provider could start the network: {'; '.join(notes) or 'none found'}; "
            "run `deepz-live doctor` or install onnxruntime for the CPU."
        )
    best = min(started, key=lambda one: one.seconds)
    size = f"{warmup.shape[2]} × {warmup.shape[3]} px"
    times = ", ".join(f"{one.name} {1e3 * one.seconds:.0f} ms" for one in started)
    why = "asked for" if asked else "fastest" if len(started) > 1 else "the only one that runs"
    reason = f"{best.name}: {why} ({times} for {size})"
    return OnnxRunner(best.session, best.name, "; ".join([reason, *notes]))


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


def _measure(session: Any, warmup: NDArray[np.float32]) -> float:
    feed = {session.get_inputs()[0].name: warmup}
    session.run(None, feed)
    begin = time.perf_counter()
    session.run(None, feed)
    return time.perf_counter() - begin


def _wanted(provider: str, names: Sequence[str]) -> str:
    known = {name.lower(): name for name in PROVIDERS}
    name = known.get(provider.lower())
    if name is None or name not in names:
        raise RefocusError(
            f"Execution provider {provider!r} is not available; "
            f"this onnxruntime offers {', '.join(names)}."
        )
    return name


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]
