"""A bundle made to run: frames in, refocused volumes and surfaces out, in camera counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.planes import check_range, planes_at, surface_from
from deepz_live.refocus.tiling import PIXEL_BUDGET, run_image

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle

__all__ = ["Engine", "RefocusError", "open_engine", "planes_at", "surface_from"]

DPM_SCALE_UM = 10.0
"""The generator sees DPM / 10 (paper, Methods)."""

SMALLEST_PX = 8

Pixels = NDArray[Any]
Image = NDArray[np.float32]


class Engine(Protocol):
    """What the live view, the offline run and the tests know of a network."""

    @property
    def bundle(self) -> Bundle:
        """The trained model."""

    @property
    def provider(self) -> str:
        """Where it runs, e.g. ``"CPU"`` or ``"CUDA"``."""

    @property
    def reason(self) -> str:
        """Why there: what was measured, and which providers failed to start."""

    def volume(self, pixels: Pixels) -> Image:
        """All planes ``(Z, Y, X)`` float32 counts at ``bundle.facts.z_planes_um``.

        The counts are the camera's; for a bundle trained on targets of another modality, that
        modality's.

        ``pixels`` ``(Y, X)`` are camera counts of any dtype. Raises :class:`RefocusError`.
        """

    def surface(self, pixels: Pixels, dpm: NDArray[np.floating]) -> Image:
        """The surface ``(Y, X)`` float32 counts along ``dpm`` ``(Y, X)`` µm.

        Raises :class:`RefocusError`, also where the DPM leaves the model's z range.
        """

    def close(self) -> None:
        """Free the network; harmless when called twice."""


class Runner(Protocol):
    """A started network, whatever runs it."""

    provider: str
    reason: str

    def run(self, batch: Image) -> Image:
        """``(N, C, Y, X)`` float32 to ``(N, P, Y, X)`` float32."""

    def close(self) -> None:
        """Free it."""


class PlanesEngine:
    """One pass gives all planes; a surface is interpolated between them along z."""

    def __init__(self, bundle: Bundle, runner: Runner, *, pixel_budget: int = PIXEL_BUDGET) -> None:
        self.bundle = bundle
        self.provider = runner.provider
        self.reason = runner.reason
        self._runner = runner
        self._budget = pixel_budget

    def volume(self, pixels: Pixels) -> Image:
        """See :meth:`Engine.volume`."""
        image = _normalised(self.bundle, pixels)[None, None]
        planes = _through(self._runner, self.bundle, image, self._budget)[0]
        wanted = len(self.bundle.facts.z_planes_um)
        if len(planes) != wanted:
            raise RefocusError(
                f"The network gave {len(planes)} planes, but its facts list {wanted}; "
                "the bundle is damaged, export it again."
            )
        return _counts(self.bundle, planes)

    def surface(self, pixels: Pixels, dpm: NDArray[np.floating]) -> Image:
        """See :meth:`Engine.surface`."""
        check_range(dpm, self.bundle.facts.z_planes_um)
        return surface_from(self.volume(pixels), self.bundle.facts.z_planes_um, dpm)

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._runner.close()


class GeneratorEngine:
    """The paper's network: one pass a plane or surface, planes in batches."""

    def __init__(self, bundle: Bundle, runner: Runner, *, pixel_budget: int = PIXEL_BUDGET) -> None:
        self.bundle = bundle
        self.provider = runner.provider
        self.reason = runner.reason
        self._runner = runner
        self._budget = pixel_budget

    def volume(self, pixels: Pixels) -> Image:
        """See :meth:`Engine.volume`."""
        image = _normalised(self.bundle, pixels)
        distances = np.asarray(self.bundle.facts.z_planes_um, np.float32)
        size = max(1, self._budget // max(image.size, 1))
        out = np.empty((len(distances), *image.shape), np.float32)
        for first in range(0, len(distances), size):
            part = distances[first : first + size]
            batch = np.empty((len(part), 2, *image.shape), np.float32)
            batch[:, 0] = image
            batch[:, 1] = part[:, None, None] / DPM_SCALE_UM
            made = _through(self._runner, self.bundle, batch, self._budget)
            out[first : first + size] = made[:, 0]
        return _counts(self.bundle, out)

    def surface(self, pixels: Pixels, dpm: NDArray[np.floating]) -> Image:
        """See :meth:`Engine.surface`."""
        check_range(dpm, self.bundle.facts.z_planes_um)
        image = _normalised(self.bundle, pixels)
        if dpm.shape != image.shape:
            raise RefocusError(
                f"The surface has {dpm.shape} distances, but the image has {image.shape} pixels; "
                "give one distance for each pixel."
            )
        batch = np.stack([image, dpm.astype(np.float32) / DPM_SCALE_UM])[None]
        return _counts(self.bundle, _through(self._runner, self.bundle, batch, self._budget)[0, 0])

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._runner.close()


_ENGINES: dict[str, Callable[..., Engine]] = {
    "planes": PlanesEngine,
    "generator": GeneratorEngine,
}

_WARMUP_PX = 256


def open_engine(
    bundle: Bundle,
    *,
    provider: str | None = None,
    threads: int | None = None,
    pixel_budget: int = PIXEL_BUDGET,
) -> Engine:
    """Start the network of ``bundle``.

    ``provider`` is one of the short names (``"CUDA"``, ``"CPU"``, …); None takes the fastest that
    starts. ``threads`` limits the CPU; None leaves the choice to onnxruntime.

    Raises
    ------
    RefocusError
        Unknown kind of network, or no provider that runs it.
    """
    from deepz_live.refocus.onnx_backend import start

    facts = bundle.facts
    engine = _ENGINES.get(facts.network)
    if engine is None:
        raise RefocusError(
            f"The bundle holds a network of kind {facts.network!r}; "
            f"this version runs {' and '.join(_ENGINES)}."
        )
    channels = 2 if facts.network == "generator" else 1
    side = -(-_WARMUP_PX // facts.multiple) * facts.multiple
    warmup = np.zeros((1, channels, side, side), np.float32)
    runner = start(bundle.onnx_path, warmup, provider=provider, threads=threads)
    return engine(bundle, runner, pixel_budget=pixel_budget)


def _normalised(bundle: Bundle, pixels: Pixels) -> Image:
    if pixels.ndim != 2 or min(pixels.shape) < SMALLEST_PX:
        raise RefocusError(
            f"An image of shape {pixels.shape} cannot be refocused; "
            f"give one plane (Y, X) of at least {SMALLEST_PX} × {SMALLEST_PX} px."
        )
    return np.ascontiguousarray(bundle.facts.normalization.forward(pixels), np.float32)


def _through(runner: Runner, bundle: Bundle, image: Image, budget: int) -> Image:
    facts = bundle.facts
    return run_image(
        runner.run,
        image,
        multiple=facts.multiple,
        margin_px=facts.margin_px,
        pixel_budget=budget,
    )


def _counts(bundle: Bundle, planes: Image) -> Image:
    return np.ascontiguousarray(bundle.facts.output_normalization.inverse(planes), np.float32)
