"""The camera, or several at once, as a frame source; nobody else takes frames out of the core."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from pymmcore_plus import CMMCorePlus, Metadata

from deepz_live.acquire.cameras import FrameNumbers
from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.moves import height_of
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.source import SourceError

# Written by the built-in camera into its metadata; what Micro-Manager itself writes comes second.
TIME_TAG, Z_TAG, ELAPSED_TAG = "DeepzTime-s", "DeepzZ-um", "ElapsedTime-ms"
WITHOUT_END = 2**31 - 1
"""Frames of a stream: the most that the core counts on every system, months at any rate."""
POLL_S = 0.001
Z_POLL_S = 0.25


class CameraSource:
    """Frames of a running camera, in order, each with the camera's own number and time.

    Of several cameras that expose at once (``info.channels``, named after them) each frame carries
    its camera as its channel, and the numbers count all frames.

    One thread, the pump, calls :meth:`read`. A number that is left out counts as lost. An
    overflow of the core's buffer, a frame of another size, a number that goes back, or a camera
    that stops by itself are :class:`SourceError`; frames taken before it are delivered first.
    The camera is told to stop on overflow: otherwise the core would throw away all frames that
    wait and go on as if nothing had happened.
    """

    def __init__(
        self,
        core: CMMCorePlus,
        info: StreamInfo,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        fault: Callable[[], Exception | None] | None = None,
    ) -> None:
        self._core, self._info, self._clock, self._sleep = core, info, clock, sleep
        self._fault = fault
        self._running = self._ended = False
        self._numbers = self._fresh_numbers()
        self._time_zero_s: float | None = None
        self._z: tuple[float, float] | None = None

    @property
    def info(self) -> StreamInfo:
        return self._info

    @property
    def lost(self) -> int:
        return self._numbers.lost

    @property
    def finished(self) -> bool:
        return self._ended

    def start(self) -> None:
        """Open the shutter and let the camera run."""
        if self._running:
            return
        core = self._core
        if core.isSequenceRunning():
            raise SourceError("The camera is already streaming; stop that stream first.")
        self._numbers = self._fresh_numbers()
        self._time_zero_s, self._z, self._ended = None, None, False
        try:
            if core.getShutterDevice():
                core.setShutterOpen(True)
            core.startSequenceAcquisition(WITHOUT_END, 0.0, True)
        except (RuntimeError, OSError) as error:
            self._shut_anyway()
            raise SourceError(f"The camera did not start ({error}); check it.") from error
        self._running = True

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None if none came in time or the stream was stopped."""
        deadline = self._clock() + timeout_s
        while self._running:
            running = self._core.isSequenceRunning()
            if self._core.getRemainingImageCount() > 0:
                return self._pop()
            if self._core.isBufferOverflowed():
                self._overflowed()
            if not running:
                self._stopped_by_itself()
                return None
            if self._clock() >= deadline:
                return None
            self._sleep(POLL_S)
        return None

    def stop(self) -> None:
        """Stop the camera and close the shutter; harmless when called twice."""
        if not self._running:
            return
        self._running, self._ended = False, True
        try:
            if self._core.isSequenceRunning():
                self._core.stopSequenceAcquisition()
        except (RuntimeError, OSError) as error:
            self._shut_anyway()
            raise SourceError(f"The camera did not stop ({error}); switch it off.") from error
        self._shut()

    def _shut(self) -> None:
        try:
            if self._core.getShutterDevice():
                self._core.setShutterOpen(False)
        except (RuntimeError, OSError) as error:
            raise SourceError(f"The shutter did not close ({error}); close it by hand.") from error

    def _shut_anyway(self) -> None:
        """Where something else failed, which is what must be read first."""
        with suppress(SourceError):
            self._shut()

    def _stopped_by_itself(self) -> None:
        if not self._running:
            return
        found = self._shape_now()
        if found != self._info.shape:
            raise SourceError(
                f"The camera's region or binning was changed while it streamed: its frames are "
                f"{found} now and were {self._info.shape}, and it stopped after "
                f"{self._numbers.taken} of them; start the stream again."
            )
        fault = self._fault() if self._fault else None
        why = f" ({fault})" if fault is not None else ""
        raise SourceError(
            f"The camera stopped by itself after {self._numbers.taken} frames{why}; "
            "check its cable and power, then start again."
        )

    def _shape_now(self) -> tuple[int, int]:
        """``(Y, X)`` as the camera says now; that of the stream where it does not answer."""
        try:
            return (self._core.getImageHeight(), self._core.getImageWidth())
        except (RuntimeError, OSError):
            return self._info.shape

    def _overflowed(self) -> None:
        size_mb = self._core.getCircularBufferMemoryFootprint()
        raise SourceError(
            f"Frames came faster than they were taken: after {self._numbers.taken} frames the "
            f"buffer of {size_mb} MB overflowed and the camera was stopped; lower the frame rate "
            "or raise camera.buffer_mb."
        )

    def _pop(self) -> Frame | None:
        metadata = Metadata()
        try:
            pixels = self._core.popNextImageMD(metadata)
        except (IndexError, RuntimeError) as error:
            if not self._running:
                return None
            raise SourceError(f"The camera's buffer gave no frame ({error}).") from error
        tags = {key: metadata.GetSingleTag(key).GetValue() for key in metadata.GetKeys()}
        self._check_shape(pixels)
        index, camera = self._numbers.take(tags)
        return Frame(
            pixels=pixels,
            index=index,
            time_s=self._time(tags),
            z_um=self._height(tags),
            exposure_ms=self._info.exposure_ms,
            channel=camera if self._info.channels else self._info.channel,
        )

    def _check_shape(self, pixels: NDArray[np.generic]) -> None:
        if pixels.shape == self._info.shape and pixels.dtype == self._info.dtype:
            return
        raise SourceError(
            f"The camera gave a frame of {pixels.shape} {pixels.dtype} in a stream of "
            f"{self._info.shape} {self._info.dtype}; stop the stream before changing region, "
            "binning or pixel type."
        )

    def _fresh_numbers(self) -> FrameNumbers:
        return FrameNumbers(self._info.channels or (self._info.channel,))

    def _time(self, tags: dict[str, str]) -> float:
        if TIME_TAG in tags:
            return float(tags[TIME_TAG])
        now = self._clock()
        if ELAPSED_TAG not in tags:
            return now
        elapsed_s = float(tags[ELAPSED_TAG]) / 1000
        # The camera's clock starts with the stream: no frame can have come before it was taken.
        zero = now - elapsed_s
        self._time_zero_s = zero if self._time_zero_s is None else min(self._time_zero_s, zero)
        return self._time_zero_s + elapsed_s

    def _height(self, tags: dict[str, str]) -> float:
        if Z_TAG in tags:
            return float(tags[Z_TAG])
        now = self._clock()
        if self._z is None or now - self._z[0] >= Z_POLL_S:
            # Asking a stage costs a serial round trip on many microscopes: not for every frame.
            height = self._ask_height()
            self._z = (self._clock(), height)  # a stage that times out has taken a while
        return self._z[1]

    def _ask_height(self) -> float:
        """Where the stage stands; if it fails to answer, where it stood when it last did."""
        try:
            return height_of(self._core)
        except MicroscopeError as error:
            if self._z is None:
                raise SourceError(str(error)) from error
            return self._z[1]
