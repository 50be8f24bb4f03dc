"""The two kinds of networks as engines: normalisation, padding, tiles, and counts again."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.planes import check_range
from deepz_live.refocus.runner import Image, OutOfMemory, Runner, out_of_memory
from deepz_live.refocus.stack import ArrayStack, Stack
from deepz_live.refocus.tiling import PIXEL_BUDGET, Run, run_image, smallest_tile_px

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle

DPM_SCALE_UM = 10.0
"""The generator sees DPM / 10 (paper, Methods)."""

SMALLEST_PX = 8

Pixels = NDArray[Any]


class _NetworkEngine(ABC):
    """What both kinds share. Used by one thread, as the network is."""

    def __init__(self, bundle: Bundle, runner: Runner, *, pixel_budget: int = PIXEL_BUDGET) -> None:
        self.bundle = bundle
        self._runner = runner
        self._budget = pixel_budget
        self._too_large: float = math.inf
        """Pixels of the smallest frame for which a device had too little memory at once."""
        self._tile_notes: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """See :attr:`Engine.provider`."""
        return self._runner.provider

    @property
    def reason(self) -> str:
        """See :attr:`Engine.reason`."""
        return self._runner.reason

    @property
    def notes(self) -> tuple[str, ...]:
        """See :attr:`Engine.notes`."""
        return (*self._runner.notes, *self._tile_notes)

    def volume(self, pixels: Pixels) -> Image:
        """See :meth:`Engine.volume`."""
        with self._told(pixels, len(self.bundle.facts.z_planes_um)):
            return self._stack(pixels).counts()

    def stack(self, pixels: Pixels) -> Stack:
        """See :meth:`Engine.stack`."""
        with self._told(pixels, len(self.bundle.facts.z_planes_um)):
            return self._stack(pixels)

    def _stack(self, pixels: Pixels) -> Stack:
        check_image(pixels)
        try:
            on_device = self._runner.stack(pixels) if pixels.size < self._too_large else None
        except OutOfMemory as error:
            self._too_large = pixels.size
            if not self._halve(pixels.shape, error):
                self._tile_notes = (f"{error} Frames of that size no longer stay on the device.",)
            on_device = None
        stack = on_device or self._stacked(self._planes(self._normalised(pixels)))
        check_finite(stack, self.provider)
        return stack

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._runner.close()

    @abstractmethod
    def _planes(self, image: Image) -> Image:
        """``(1, 1, Y, X)`` normalised to all planes ``(Z, Y, X)``, normalised."""

    def _stacked(self, planes: Image) -> Stack:
        facts = self.bundle.facts
        return ArrayStack(planes, facts.z_planes_um, facts.output_normalization)

    def _normalised(self, pixels: Pixels) -> Image:
        check_image(pixels)
        normalised = self.bundle.facts.normalization.forward(pixels)
        return np.ascontiguousarray(normalised, np.float32)[None, None]

    def _through(self, run: Run, image: Image) -> Image:
        """``run`` on an image of any size; with smaller tiles where memory runs out."""
        facts = self.bundle.facts
        while True:
            try:
                return run_image(
                    run,
                    image,
                    multiple=facts.multiple,
                    margin_px=facts.margin_px,
                    pixel_budget=self._budget,
                )
            except (OutOfMemory, MemoryError) as error:
                if isinstance(error, MemoryError):  # beside the network: its answer, put together
                    error = out_of_memory(image.shape, self.provider)
                if not self._halve(image.shape, error) and not self._runner.step_down(error):
                    raise error

    @contextmanager
    def _told(self, pixels: Pixels, planes: int) -> Iterator[None]:
        """With what to do where not even the smallest tiles, or their answer, find memory."""
        try:
            yield
        except (OutOfMemory, MemoryError) as error:
            needed_gb = 2 * 4 * planes * pixels.size / 1e9  # as the network's, and as counts
            raise OutOfMemory(
                f"There is too little memory to refocus {pixels.shape[0]} × {pixels.shape[1]} px: "
                f"{planes} planes of it take {needed_gb:.2g} GB beside what the network takes. "
                "Close other programs, or choose a smaller region of the camera."
            ) from error

    def _halve(self, shape: tuple[int, ...], error: OutOfMemory) -> bool:
        """Half the pixels at once from now on; False where tiles cannot be smaller."""
        smallest = smallest_tile_px(self.bundle.facts.multiple, self.bundle.facts.margin_px)
        pixels = min(self._budget, shape[-2] * shape[-1])
        if pixels <= smallest:
            return False
        self._budget = max(pixels // 2, smallest)
        self._tile_notes = (
            f"{error} Images now go through in tiles of {self._budget / 1e6:.2g} megapixels.",
        )
        return True


class PlanesEngine(_NetworkEngine):
    """One pass gives all planes; a surface is interpolated between them along z."""

    def surface(self, pixels: Pixels, dpm: NDArray[np.floating]) -> Image:
        """See :meth:`Engine.surface`."""
        check_range(dpm, self.bundle.facts.z_planes_um)
        return self.stack(pixels).surface(dpm)

    def _planes(self, image: Image) -> Image:
        planes: Image = self._through(self._runner.run, image)[0]
        wanted = len(self.bundle.facts.z_planes_um)
        if len(planes) != wanted:
            raise RefocusError(
                f"The network gave {len(planes)} planes, but its facts list {wanted}; "
                "the bundle is damaged, export it again."
            )
        return planes


class GeneratorEngine(_NetworkEngine):
    """The paper's network: one pass a plane or surface; what planes share is computed once."""

    def surface(self, pixels: Pixels, dpm: NDArray[np.floating]) -> Image:
        """See :meth:`Engine.surface`."""
        check_range(dpm, self.bundle.facts.z_planes_um)
        image = self._normalised(pixels)
        if dpm.shape != image.shape[2:]:
            raise RefocusError(
                f"The surface has {dpm.shape} distances, but the image has {image.shape[2:]} "
                "pixels; give one distance for each pixel."
            )
        scaled = dpm.astype(np.float32)[None, None] / np.float32(DPM_SCALE_UM)
        pair = np.concatenate([image, scaled], axis=1)
        with self._told(pixels, 1):
            plane = self._stacked(self._through(self._runner.run, pair)[0])
            check_finite(plane, self.provider)
            made: Image = plane.counts()[0]
        return made

    def _planes(self, image: Image) -> Image:
        dpm = np.asarray(self.bundle.facts.z_planes_um, np.float32) / np.float32(DPM_SCALE_UM)
        planes: Image = self._through(lambda tile: self._runner.uniform(tile, dpm), image)[0]
        return planes


def check_image(pixels: Pixels) -> None:
    """Raise :class:`RefocusError` where ``pixels`` are not one image ``(Y, X)``."""
    if pixels.ndim != 2 or min(pixels.shape) < SMALLEST_PX:
        raise RefocusError(
            f"An image of shape {pixels.shape} cannot be refocused; "
            f"give one plane (Y, X) of at least {SMALLEST_PX} × {SMALLEST_PX} px."
        )


def check_finite(stack: Stack, provider: str) -> None:
    """Raise :class:`RefocusError` where a network's answer holds NaN or infinity."""
    bad = stack.bad_values()
    if bad:
        depth, height, width = stack.shape
        raise RefocusError(
            f"The network gave NaN or infinity in {bad} of {depth * height * width} values with "
            f"provider {provider}; check that the frame holds numbers, or open the model on "
            "another provider."
        )
