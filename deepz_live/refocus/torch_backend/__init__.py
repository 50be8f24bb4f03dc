"""The network run by torch, in every precision that the processor or the card multiplies in.

Only this package of the room imports torch: a PC that only views needs none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from deepz_live.refocus.runner import FULL_PRECISION, REDUCED_PRECISION, Candidate, Runner
from deepz_live.refocus.torch_backend.cpu import CpuRunner
from deepz_live.refocus.torch_backend.cuda import CudaRunner

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle

__all__ = ["Variant", "available_variants", "candidates", "variants"]


@dataclass(frozen=True, slots=True)
class Variant:
    """A device and the numbers that the convolutions are made in there."""

    name: str
    device: str
    dtype: torch.dtype

    @property
    def tolerance(self) -> float:
        """‖out − reference‖ / ‖reference‖ that is allowed."""
        return FULL_PRECISION if self.dtype == torch.float32 else REDUCED_PRECISION


def variants(*, cuda: bool, cuda_bf16: bool, cpu_bf16: bool) -> tuple[Variant, ...]:
    """What to try on a computer with these abilities, fastest kind first."""
    found = []
    if cuda:
        found.append(Variant("torch CUDA fp16", "cuda", torch.float16))
        if cuda_bf16:
            found.append(Variant("torch CUDA bf16", "cuda", torch.bfloat16))
        found.append(Variant("torch CUDA fp32", "cuda", torch.float32))
    if cpu_bf16:
        found.append(Variant("torch CPU bf16", "cpu", torch.bfloat16))
    found.append(Variant("torch CPU fp32", "cpu", torch.float32))
    return tuple(found)


def here() -> tuple[Variant, ...]:
    """What to try on this computer."""
    cuda = torch.cuda.is_available()
    return variants(
        cuda=cuda, cuda_bf16=cuda and torch.cuda.is_bf16_supported(), cpu_bf16=_cpu_has_bf16()
    )


def available_variants() -> tuple[str, ...]:
    """Names of what torch can run networks on here, fastest kind first."""
    return tuple(variant.name for variant in here())


def candidates(bundle: Bundle, *, threads: int | None = None) -> list[Candidate]:
    """Every variant of this computer as a way to run the network of ``bundle``."""
    return [
        Candidate(one.name, _maker(bundle, one, threads), tolerance=one.tolerance) for one in here()
    ]


def _maker(bundle: Bundle, variant: Variant, threads: int | None) -> Callable[[], Runner]:
    def make() -> Runner:
        if variant.device == "cuda":
            return CudaRunner(bundle, variant.name, variant.dtype)
        return CpuRunner(bundle, variant.name, variant.dtype, threads=threads)

    return make


def _cpu_has_bf16() -> bool:
    """True where the processor multiplies bfloat16; elsewhere it is slower than float32."""
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in probes)
