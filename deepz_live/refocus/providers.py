"""Every way to run a bundle's network on this computer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deepz_live.refocus import onnx_backend
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.runner import Candidate, first_line

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle

TORCH = "torch"
_WAITING = "OMP_WAIT_POLICY"


def candidates(
    bundle: Bundle, *, threads: int | None = None, provider: str | None = None
) -> tuple[list[Candidate], list[str]]:
    """Candidates of both back ends, fastest kind first, and sentences on what is missing.

    ``provider`` is the one asked for: torch, which takes seconds to load, is left alone where
    another one is meant.
    """
    found = onnx_backend.candidates(bundle.onnx_path, threads=threads)
    if provider is not None and provider.lower() in {one.name.lower() for one in found}:
        return found, []
    if not bundle.weights_path.is_file():
        return found, []
    try:
        with _threads_that_sleep():
            from deepz_live.refocus import torch_backend
    except Exception as error:  # not installed, or a library of its own fails to load
        return found, [_without_torch(error)]
    return [*torch_backend.candidates(bundle, threads=threads), *found], []


def wanted(provider: str, found: Sequence[Candidate]) -> Candidate:
    """The candidate of that name, whatever its case. Raises :class:`RefocusError`."""
    for candidate in found:
        if candidate.name.lower() == provider.lower():
            return candidate
    raise RefocusError(
        f"Execution provider {provider!r} is not available; "
        f"this computer offers {', '.join(one.name for one in found)}."
    )


def available_providers() -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Names of what onnxruntime and torch can run networks on here, and why torch cannot."""
    try:
        with _threads_that_sleep():
            from deepz_live.refocus import torch_backend
    except Exception as error:  # as above
        return onnx_backend.available_providers(), (), _without_torch(error)
    return onnx_backend.available_providers(), torch_backend.available_variants(), ""


@contextmanager
def _threads_that_sleep() -> Iterator[None]:
    """Torch's threads, where it is loaded inside, sleep while they wait for each other.

    OpenMP reads this once. By itself it lets them spin: beside camera, writer and window on the
    same cores that made a stack take ten times as long. Programs started later, training above
    all, do not inherit it.
    """
    before = os.environ.get(_WAITING)
    os.environ[_WAITING] = before or "passive"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_WAITING]


def _without_torch(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == TORCH:
        return "torch is not installed"
    return f"torch failed to load ({first_line(error)})"
