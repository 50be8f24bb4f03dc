"""A camera for benchmarks: a thread that gives numbered frames at a fixed rate."""

from __future__ import annotations

import threading
import time
from collections import deque

import numpy as np

from deepz_live.stream.frame import Frame, StreamInfo

TEMPLATES = 8
BUFFER_BYTES = 256 * 1024 * 1024


class NumberedCamera:
    """A :class:`~deepz_live.stream.source.FrameSource` of noise with the frame's index in it.

    Frames wait in a buffer of 256 MiB, as they do in the core; where it is full the newest one is
    lost and leaves a gap in the indices. ``count`` None goes on until :meth:`stop`.
    """

    def __init__(self, size: int, rate_hz: float, count: int | None, *, bright: int = 2000) -> None:
        self.info = StreamInfo(
            (size, size), "uint16", 0.325, rate_hz, "TexasRed", 1000 / rate_hz, "bench camera"
        )
        rng = np.random.default_rng(0)
        self._templates = [
            rng.poisson(bright / 20, (size, size)).astype(np.uint16) for _ in range(TEMPLATES)
        ]
        for template in self._templates:
            template[8::64, 8::64] = bright
        self._count = count
        self._room = max(1, BUFFER_BYTES // self._templates[0].nbytes)
        self._buffer: deque[Frame] = deque()
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._over = False
        self._thread: threading.Thread | None = None
        self.sent = 0
        self.lost = 0

    def pixels(self, index: int) -> np.ndarray:
        """What frame ``index`` looks like, ``(Y, X)`` uint16."""
        pixels = self._templates[index % TEMPLATES].copy()
        pixels[0, :2] = index & 0xFFFF, index >> 16
        return pixels

    @property
    def finished(self) -> bool:
        with self._changed:
            return self._over and not self._buffer

    def start(self) -> None:
        """May be called again after :meth:`stop`; the numbers go on."""
        self._stopped.clear()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="bench-camera", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._buffer or self._over, timeout_s)
            return self._buffer.popleft() if self._buffer else None

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        period_s = 1 / self.info.frame_rate_hz
        due = time.monotonic()
        while not self._stopped.is_set() and (self._count is None or self.sent < self._count):
            due += period_s
            while (left := due - time.monotonic()) > 0 and not self._stopped.is_set():
                time.sleep(min(left, 0.05))
            self._give()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _give(self) -> None:
        frame = Frame(
            self.pixels(self.sent),
            self.sent,
            time.monotonic(),
            0.0,
            self.info.exposure_ms,
            self.info.channel,
        )
        with self._changed:
            self.sent += 1
            if len(self._buffer) >= self._room:
                self.lost += 1
                return
            self._buffer.append(frame)
            self._changed.notify_all()
