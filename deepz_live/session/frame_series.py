"""What a replay needs of frames at rest: a recorded session is one, an image file another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from deepz_live.session.markers import Marker
from deepz_live.stream.frame import Frame, StreamInfo


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What is known of a frame without reading it, as in :class:`~deepz_live.stream.frame.Frame`.

    ``position`` is where it lies: its t in a session's array, its page in an image file.
    """

    index: int
    time_s: float
    z_um: float
    exposure_ms: float
    channel: str
    position: int


class FrameSeries(Protocol):
    """Frames in the order in which they were taken; may be read by one thread at a time."""

    @property
    def info(self) -> StreamInfo:
        """What is the same for all frames."""

    @property
    def facts(self) -> Sequence[FrameFacts]:
        """One for each frame."""

    @property
    def markers(self) -> Sequence[Marker]:
        """What somebody wrote to single frames, in their order."""

    def __len__(self) -> int:
        """Number of frames."""

    def frame(self, i: int) -> Frame:
        """Read the ``i``-th frame, from 0. Raises SessionError or StackError."""

    def close(self) -> None:
        """Let go of files; :meth:`frame` opens them again."""
