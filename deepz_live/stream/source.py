"""Where frames come from: a camera, or a recorded session."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from deepz_live.stream.frame import Frame, StreamInfo


class SourceError(RuntimeError):
    """The stream broke: the sentence says what failed and what to do."""


class FrameSource(Protocol):
    """A stream of frames; one consumer, the pump, calls it from one thread."""

    @property
    def info(self) -> StreamInfo:
        """Facts that hold for every frame."""

    @property
    def lost(self) -> int:
        """Frames that the camera numbered and nobody received."""

    def start(self) -> None:
        """Begin to deliver. Raises :class:`SourceError`."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None if none came in time or the stream has ended.

        Raises
        ------
        SourceError
            The camera failed.
        """

    @property
    def finished(self) -> bool:
        """True once no frame will come any more (end of a session)."""

    def stop(self) -> None:
        """End the stream; harmless when called twice."""


@runtime_checkable
class Seekable(Protocol):
    """A source in which somebody can jump: after a jump, indices begin anew."""

    @property
    def jumps(self) -> int:
        """Jumps that took effect before the frame that ``read`` returned last."""
