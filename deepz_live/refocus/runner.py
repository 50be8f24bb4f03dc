"""What a back end owes the engine: a started network, whatever runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.errors import RefocusError

if TYPE_CHECKING:
    from deepz_live.refocus.stack import Stack

Image = NDArray[np.float32]

FULL_PRECISION = 1e-4
"""‖out − reference‖ / ‖reference‖ that float32 arithmetic may differ by."""

REDUCED_PRECISION = 1e-2
"""The same for bfloat16 and float16."""


CPU_BATCH_PX = 2 * 256 * 256
"""Pixels of planes that go through a processor at once: more do not fit its cache."""

DEVICE_BATCH_PX = 16 * 512 * 512
"""The same for a graphics card, which wants work for all its units."""


class OutOfMemory(RefocusError):  # noqa: N818 - a sentence for the operator as its base
    """The image is too large for the memory at hand: smaller tiles may pass."""


class Runner(Protocol):
    """A started network. Arrays it returns are valid until its next call."""

    @property
    def provider(self) -> str:
        """Short name of what runs it, e.g. ``"CPU"`` or ``"torch CPU bf16"``."""

    @property
    def reason(self) -> str:
        """Why that one: what was measured, and what failed."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong since the start, in sentences for the operator."""

    def run(self, batch: Image) -> Image:
        """``(N, C, Y, X)`` float32, normalised, to ``(N, P, Y, X)`` float32, normalised.

        Raises :class:`RefocusError`; :class:`OutOfMemory` where a smaller image may pass.
        """

    def uniform(self, image: Image, dpm: Image) -> Image:
        """The generator on flat surfaces: ``(1, 1, Y, X)`` and ``(P,)`` to ``(1, P, Y, X)``.

        ``dpm`` is µm / 10, as the network sees it. Raises as :meth:`run`.
        """

    def stack(self, pixels: NDArray[Any]) -> Stack | None:
        """All planes of camera counts ``(Y, X)``, kept on the device; None where there is none.

        Raises as :meth:`run`.
        """

    def step_down(self, error: Exception) -> bool:
        """After ``error``: go on with the next provider and say so; False where none is left."""

    def close(self) -> None:
        """Free the network; harmless when called twice."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to run a network that may be tried.

    Attributes
    ----------
    name
        Short name, as the operator sees it.
    make
        Starts it; may raise whatever its driver raises.
    tolerance
        ``‖out − reference‖ / ‖reference‖`` allowed on the bundle's test input.
    on_request
        Used only when asked for by name.
    """

    name: str
    make: Callable[[], Runner]
    tolerance: float = FULL_PRECISION
    on_request: bool = False


def stacked_uniform(
    run: Callable[[Image], Image], image: Image, dpm: Image, *, batch_px: int = 0
) -> Image:
    """:meth:`Runner.uniform` by way of :meth:`Runner.run`: ``(1, P, Y, X)``.

    As many planes at once as have ``batch_px`` pixels, but at least one.
    """
    height, width = image.shape[2:]
    size = max(1, min(batch_px // (height * width), len(dpm)))
    out = np.empty((1, len(dpm), height, width), np.float32)
    for start in range(0, len(dpm), size):
        part = dpm[start : start + size]
        batch = np.empty((len(part), 2, height, width), np.float32)
        batch[:, 0] = image[0, 0]
        batch[:, 1] = part[:, None, None]
        out[0, start : start + len(part)] = run(batch)[:, 0]
    return out


def out_of_memory(shape: tuple[int, ...], provider: str) -> OutOfMemory:
    """What is told where memory ran out on an image ``(…, Y, X)``."""
    return OutOfMemory(
        f"Memory ran out on an image of {shape[-2]} × {shape[-1]} px with provider {provider}."
    )


def memory_error(error: Exception) -> bool:
    """True where a driver's error says that memory ran out, in whatever words."""
    if isinstance(error, MemoryError | OutOfMemory):
        return True
    text = f"{type(error).__name__} {error}".lower()
    return any(words in text for words in _NO_MEMORY)


def first_line(error: Exception) -> str:
    """The beginning of an error's text, for use in a sentence."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]


_NO_MEMORY = (
    "out of memory",
    "outofmemory",
    "can't allocate memory",
    "failed to allocate memory",
    "bad_alloc",
    "bad allocation",
    # All that oneDNN says. Where it means something else, tiles end at the smallest, and the next
    # provider has its turn.
    "could not create a primitive",
    "could not create a memory",
)
