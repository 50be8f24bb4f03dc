"""One frame at the present focus: by snapping it, or out of a stream that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.microscope import Microscope
from deepz_live.stream.frame import Frame

_POLL_S = 0.005
_EXPOSURES = 5
"""A camera may take so many exposure times for a frame before it counts as silent."""
_SKIPPED = 2
"""Rounds of frames after an arrival that may have been exposed on the way."""


class Look(Protocol):
    """How a spot check sees."""

    def take(self, checkpoint: Callable[[], None]) -> Frame:
        """A frame whose exposure began after this call; ``checkpoint`` may raise meanwhile.

        Raises
        ------
        MicroscopeError
            No frame comes.
        """

    @property
    def streaming(self) -> bool:
        """Whether frames go on coming for somebody else, so that the shutter must stay open."""


class SnapLook:
    """Snaps. The camera must not be streaming."""

    streaming = False

    def __init__(self, microscope: Microscope) -> None:
        self._microscope = microscope

    def take(self, checkpoint: Callable[[], None]) -> Frame:
        """See :class:`Look`."""
        checkpoint()
        return self._microscope.snap()


class Streaming(Protocol):
    """The part of a live session that is looked at."""

    @property
    def error(self) -> Exception | None:
        """What broke it."""

    @property
    def finished(self) -> bool:
        """True once no frame comes any more."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that take turns."""

    def latest_frame(self, channel: str | None = None) -> Frame | None:
        """The newest raw frame."""


class StreamLook:
    """Waits for frames of a live session; nothing has to stop for it, and a recording goes on.

    A frame under way when the stage arrived shows it moving, and older ones may still wait in the
    camera's buffer. So a frame must be two rounds newer by its number, and newer by an exposure by
    its time: neither a camera's clock nor its buffer is to be relied on alone.
    """

    def __init__(
        self,
        live: Streaming,
        microscope: Microscope,
        channel: str | None = None,
    ) -> None:
        self._live, self._microscope, self._channel = live, microscope, channel
        self._clock, self._sleep = microscope.clock, microscope.sleep
        self._silent = False

    @property
    def streaming(self) -> bool:
        """See :class:`Look`."""
        return self._live.error is None and not self._live.finished and not self._silent

    def take(self, checkpoint: Callable[[], None]) -> Frame:
        """See :class:`Look`."""
        profile = self._microscope.profile
        rounds = max(len(self._live.channels), 1)
        before = self._live.latest_frame()
        wanted = -1 if before is None else before.index + _SKIPPED * rounds
        exposure_ms = profile.camera.exposure_ms if before is None else before.exposure_ms
        exposure_s = exposure_ms / 1000
        arrived_s = self._clock()
        patience_s = profile.camera.timeout_s + _EXPOSURES * rounds * exposure_s
        deadline = arrived_s + patience_s
        while True:
            checkpoint()
            self._require_camera()
            frame = self._live.latest_frame(self._channel)
            late = frame is not None and frame.time_s >= arrived_s + exposure_s
            if frame is not None and late and frame.index >= wanted:
                return frame
            if self._clock() > deadline:
                self._silent = True
                raise MicroscopeError(
                    f"The camera has given no frame for {patience_s:.1f} s during the spot check; "
                    "check its cable and power."
                )
            self._sleep(_POLL_S)

    def _require_camera(self) -> None:
        if self._live.error is not None or self._live.finished:
            why = f": {self._live.error}" if self._live.error is not None else ""
            raise MicroscopeError(f"The camera stopped during the spot check{why}")
