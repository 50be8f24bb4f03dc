"""A camera that follows a script, and a network that answers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from deepz_live.stream.frame import Frame, StreamInfo
from tests.bundles import facts_of

WAIT_S = 20.0
SHAPE = (24, 20)
Z_UM = (-2.0, 0.0, 2.0)
INFO = StreamInfo(SHAPE, "uint16", 0.65, 100.0, "TexasRed", 10.0, "test")
FACTS = facts_of(Z_UM, pixel_size_um=0.65, exposure_ms=10.0)
Step = Frame | Exception | Callable[[], None] | None


def frame(index: int, time_s: float | None = None, shape=SHAPE, dtype=np.uint16) -> Frame:
    """A frame whose every pixel depends on its index, which is also its first one."""
    pixels = np.random.default_rng(index).integers(100, 200, shape).astype(dtype)
    pixels[0, 0] = index % 200
    return Frame(pixels, index, 0.01 * index if time_s is None else time_s, 0.0, 10.0, "TexasRed")


class Camera:
    """Gives what ``script`` says: a frame, None for silence, an exception to raise, or a call.

    With ``goes_on`` it is silent at the end of the script, else it is finished.
    """

    lost = 0

    def __init__(self, script: Iterable[Step], *, info: StreamInfo = INFO, goes_on=False) -> None:
        self.info = info
        self._script: Iterator[Step] = iter(script)
        self._goes_on = goes_on
        self._over = False
        self.starts = self.stops = 0
        self.idle = threading.Event()

    @property
    def finished(self) -> bool:
        return self._over

    def start(self) -> None:
        self.starts += 1

    def stop(self) -> None:
        self.stops += 1

    def read(self, timeout_s: float) -> Frame | None:
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            if step is None or isinstance(step, Frame):
                return step
            step()
        self.idle.set()
        if self._goes_on:
            threading.Event().wait(0.001)  # what a driver does that has nothing
        else:
            self._over = True
        return None


class Engine:
    """Every plane is the frame itself, or what ``spoil`` makes of it."""

    provider = "fake"
    reason = "test"

    def __init__(self, spoil: Callable[[np.ndarray], Any] = lambda volume: None) -> None:
        identity = {"name": "fake", "sha256": "a" * 64}
        self.bundle = SimpleNamespace(
            facts=FACTS, sha256="a" * 64, name="fake", identity=lambda: identity
        )
        self._spoil = spoil
        self.closed = False

    def volume(self, pixels):
        volume = np.repeat(pixels[None].astype(np.float32), len(Z_UM), axis=0)
        self._spoil(volume)
        return volume

    def surface(self, pixels, dpm):
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True
