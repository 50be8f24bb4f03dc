"""One camera at a time.

A device that gives the pictures of two cameras at once (Micro-Manager's *Multi Camera*) hands them
out one after the other from one buffer. Until a source sorts them by camera, such a stream would
mix them under one channel name, so it is refused. The place for it is a source beside
:class:`~deepz_live.acquire.channel_source.ChannelSource`: frames that carry the channel of their
camera are paired, refocused and recorded by the rest of the program as those of any two channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepz_live.stream.source import SourceError

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus


def require_one_camera(core: CMMCorePlus) -> None:
    """Raise :class:`SourceError` where the camera device gives several pictures at once."""
    count = core.getNumberOfCameraChannels()
    if count > 1:
        raise SourceError(
            f"{core.getCameraDevice()} gives the pictures of {count} cameras at once, and one is "
            "wanted; set micromanager.camera to one of them, and take channels in turn "
            "(--channels) instead."
        )
