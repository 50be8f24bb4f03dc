"""The one place that knows the inside of pymmcore-plus' experimental Python-device core."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pymmcore_plus.experimental.unicore import UniMMCore
from pymmcore_plus.experimental.unicore.core._sequence_buffer import SequenceBuffer

from deepz_live.acquire.guard import GuardedCore

Record = tuple[NDArray[Any], Mapping[str, Any]]


class FrameQueue(SequenceBuffer):
    """Frames between camera and consumer, each in memory of its own.

    The ring buffer it stands in for copies a popped frame outside its lock, while the camera may
    already write there, and drops all waiting frames when it wraps around. Here a frame is
    handed over whole, and only a full queue drops the oldest (``overflow_occurred``).
    """

    def __init__(self, size_mb: float, *, overwrite_on_overflow: bool = True) -> None:
        self._capacity = int(size_mb * 2**20)
        self._lock = threading.Lock()
        self._frames: deque[Record] = deque()
        self._pending: NDArray[Any] | None = None
        self._used = 0
        self._overflow = False
        self._overwrite = overwrite_on_overflow

    def acquire_slot(self, shape: Sequence[int], dtype: DTypeLike = np.uint8) -> NDArray[Any]:
        frame: NDArray[Any] = np.empty(tuple(shape), dtype)
        with self._lock:
            if self._used + frame.nbytes > self._capacity:
                self._overflow = True
                if not self._overwrite:
                    raise BufferError("The queue of frames is full.")
                while self._frames and self._used + frame.nbytes > self._capacity:
                    self._used -= self._frames.popleft()[0].nbytes
            self._pending = frame
        return frame

    def finalize_slot(self, metadata: Mapping[str, Any] | None = None) -> None:
        with self._lock:
            if self._pending is None:
                return
            self._frames.append((self._pending, dict(metadata or {})))
            self._used += self._pending.nbytes
            self._pending = None

    def pop_next(self, *, out: NDArray[Any] | None = None) -> Record | None:
        with self._lock:
            if not self._frames:
                return None
            frame, metadata = self._frames.popleft()
            self._used -= frame.nbytes
        if out is None:
            return frame, metadata
        out[:] = frame
        return out, metadata

    def peek_nth_from_last(
        self, n: int, *, out: NDArray[Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]] | None:
        with self._lock:
            if not 0 <= n < len(self._frames):
                return None
            frame, metadata = self._frames[-(n + 1)]
        if out is None:
            return frame.copy(), dict(metadata)
        out[:] = frame
        return out, dict(metadata)

    def clear(self) -> None:
        with self._lock:
            self._frames.clear()
            self._pending = None
            self._used = 0
            self._overflow = False

    @property
    def size_bytes(self) -> int:
        return self._capacity

    @property
    def size_mb(self) -> float:
        return self._capacity / 2**20

    @property
    def used_bytes(self) -> int:
        return self._used

    @property
    def free_bytes(self) -> int:
        return self._capacity - self._used

    @property
    def overflow_occurred(self) -> bool:
        return self._overflow

    @property
    def overwrite_on_overflow(self) -> bool:
        return self._overwrite

    @overwrite_on_overflow.setter
    def overwrite_on_overflow(self, value: bool) -> None:
        self._overwrite = value

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return f"FrameQueue({len(self)} frames, {self._used} of {self._capacity} bytes)"


class SimulatedCore(GuardedCore, UniMMCore):
    """`UniMMCore` with a safe frame queue, and with the auto-shutter that it lacks on a snap."""

    def __init__(self, buffer_mb: int) -> None:
        super().__init__()
        self._seq_buffer = FrameQueue(buffer_mb)

    def setCircularBufferMemoryFootprint(self, sizeMB: int) -> None:  # noqa: N802
        if self.isSequenceRunning():
            self.stopSequenceAcquisition()
        self._seq_buffer = FrameQueue(sizeMB)

    def _do_snap_image(self) -> None:
        opens = bool(
            self.getAutoShutter() and self.getShutterDevice() and not self.getShutterOpen()
        )
        if opens:
            self.setShutterOpen(True)
        try:
            super()._do_snap_image()
        finally:
            if opens:
                self.setShutterOpen(False)
