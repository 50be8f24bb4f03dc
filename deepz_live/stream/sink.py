"""Who wants every frame."""

from __future__ import annotations

from typing import Protocol

from deepz_live.stream.frame import Frame


class FrameSink(Protocol):
    """Receives every frame of a hub, on the hub's pump thread."""

    def offer(self, frame: Frame) -> None:
        """Take ``frame`` or count it as dropped; never waits, never raises."""
