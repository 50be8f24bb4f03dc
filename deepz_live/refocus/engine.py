"""A bundle made to run: frames in, refocused volumes and surfaces out, in camera counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.choice import Example, choose
from deepz_live.refocus.engines import GeneratorEngine, PlanesEngine, check_finite
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.fallback import FallbackRunner
from deepz_live.refocus.planes import planes_at, surface_from
from deepz_live.refocus.providers import candidates, wanted
from deepz_live.refocus.runner import first_line
from deepz_live.refocus.stack import ArrayStack, Stack
from deepz_live.refocus.tiling import PIXEL_BUDGET

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle

__all__ = ["Engine", "RefocusError", "open_engine", "planes_at", "stack_of", "surface_from"]

Pixels = NDArray[Any]
Image = NDArray[np.float32]


class Engine(Protocol):
    """What the live view, the offline run and the tests know of a network.

    An engine may have more: ``stack(pixels) -> Stack`` (see :func:`stack_of`), whose planes are
    made counts of only where they are looked at, and ``notes``, sentences about what went wrong
    while it ran (see :func:`notes_of`).
    """

    @property
    def bundle(self) -> Bundle:
        """The trained model."""

    @property
    def provider(self) -> str:
        """Where it runs, e.g. ``"CPU"`` or ``"CUDA"``; another one after a failure there."""

    @property
    def reason(self) -> str:
        """Why there: what was measured, which providers failed to start, or failed since."""

    def volume(self, pixels: Pixels) -> Image:
        """All planes ``(Z, Y, X)`` float32 counts at ``bundle.facts.z_planes_um``.

        The counts are the camera's; for a bundle trained on targets of another modality, that
        modality's.

        ``pixels`` ``(Y, X)`` are camera counts of any dtype. Raises :class:`RefocusError`, also
        where the network gives NaN or infinity.
        """

    def surface(self, pixels: Pixels, dpm: NDArray[np.floating]) -> Image:
        """The surface ``(Y, X)`` float32 counts along ``dpm`` ``(Y, X)`` µm.

        Raises :class:`RefocusError`, also where the DPM leaves the model's z range.
        """

    def close(self) -> None:
        """Free the network; harmless when called twice."""


_ENGINES: dict[str, Callable[..., Engine]] = {
    "planes": PlanesEngine,
    "generator": GeneratorEngine,
}

_WARMUP_PX = 256


def open_engine(
    bundle: Bundle,
    *,
    provider: str | None = None,
    prefer: str | None = None,
    threads: int | None = None,
    pixel_budget: int = PIXEL_BUDGET,
) -> Engine:
    """Start the network of ``bundle``.

    ``provider`` is one of the short names (``"CUDA"``, ``"CPU"``, ``"torch CPU bf16"``, …); None
    takes the fastest that starts and reproduces the bundle's test output. ``prefer`` is taken
    where it is to be had, and else the fastest. ``threads`` limits the CPU; None leaves the choice
    to the back end. A provider that fails while running gives way to the next, unless it was
    asked for.

    Raises
    ------
    RefocusError
        Unknown kind of network, or no provider that runs it.
    """
    network = bundle.facts.network
    engine = _ENGINES.get(network)
    if engine is None:
        raise RefocusError(
            f"The bundle holds a network of kind {network!r}; "
            f"this version runs {' and '.join(_ENGINES)}."
        )
    told: list[str] = []
    if prefer is not None and provider is None:
        try:
            return open_engine(bundle, provider=prefer, threads=threads, pixel_budget=pixel_budget)
        except RefocusError as error:
            told.append(f"{prefer} was preferred ({first_line(error)})")
    example = _example(bundle)
    found, missing = candidates(bundle, threads=threads, provider=provider)
    if provider is not None:
        found = [wanted(provider, found)]
    choice = choose(found, example, asked=provider is not None, notes=[*told, *missing])
    return engine(bundle, FallbackRunner(choice, example), pixel_budget=pixel_budget)


def stack_of(engine: Engine, pixels: Pixels) -> Stack:
    """All planes of camera counts ``(Y, X)``; valid until the engine refocuses another frame.

    Raises as :meth:`Engine.volume`.
    """
    stack: Callable[[Pixels], Stack] | None = getattr(engine, "stack", None)
    if stack is not None:
        return stack(pixels)
    made = ArrayStack(engine.volume(pixels), engine.bundle.facts.z_planes_um)
    check_finite(made, engine.provider)
    return made


def notes_of(engine: Engine) -> tuple[str, ...]:
    """Sentences for the operator about what went wrong while ``engine`` ran; mostly none."""
    return tuple(getattr(engine, "notes", ()))


def _example(bundle: Bundle) -> Example:
    """An image to be timed with, and the bundle's test arrays where it has them."""
    facts = bundle.facts
    channels = 2 if facts.network == "generator" else 1
    side = -(-_WARMUP_PX // facts.multiple) * facts.multiple
    warmup = np.zeros((1, channels, side, side), np.float32)
    given, made = (bundle.path / name for name in ("test_input.npy", "test_output.npy"))
    if not (given.is_file() and made.is_file()):
        return Example(warmup)
    return Example(warmup, np.load(given, allow_pickle=False), np.load(made, allow_pickle=False))
