"""The cameras behind a stream: one, or several that expose at once.

Micro-Manager's *Multi Camera* hands the pictures of its cameras out one after the other from one
buffer, each with its camera's label and number. In a live stream every camera is a channel, named
after it. A calibration, and channels taken in turn, want one camera at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.stream.source import SourceError

if TYPE_CHECKING:
    from pymmcore_plus import CMMCorePlus

CAMERA_TAG = "Camera"
# Written by the built-in camera into its metadata; what Micro-Manager itself writes comes second.
NUMBER_TAGS = ("DeepzFrame", "ImageNumber")


def cameras_of(core: CMMCorePlus) -> tuple[str, ...]:
    """Labels of the cameras whose pictures the camera device gives."""
    count = core.getNumberOfCameraChannels()
    if count < 2:
        return (core.getCameraDevice(),)
    return tuple(core.getCameraChannelName(number) for number in range(count))


def require_one_camera(core: CMMCorePlus) -> None:
    """Raise :class:`MicroscopeError` where the camera device gives several pictures at once."""
    cameras = cameras_of(core)
    if len(cameras) > 1:
        raise MicroscopeError(
            f"{core.getCameraDevice()} gives the pictures of {len(cameras)} cameras at once, "
            f"{' and '.join(cameras)}, and one is wanted; set micromanager.camera to one of them."
        )


class FrameNumbers:
    """One count of all frames of a stream, from the numbers that each camera gives its own.

    ``lost`` counts the numbers that were left out. One camera's own numbers are the count.
    """

    def __init__(self, cameras: Sequence[str]) -> None:
        self._next_of = dict.fromkeys(cameras, 0)
        self.taken = self.lost = 0

    def take(self, tags: Mapping[str, str]) -> tuple[int, str]:
        """Number in the stream and camera of the frame with this metadata.

        Raises
        ------
        SourceError
            A number that goes back, or a camera that is none of the stream's.
        """
        camera = self._camera(tags)
        expected = self._next_of[camera]
        text = next((tags[tag] for tag in NUMBER_TAGS if tag in tags), None)
        number = int(text) if text is not None else expected
        if number < expected:
            raise SourceError(
                f"The camera numbered a frame {number} after frame {expected - 1}; "
                "stop and start the stream again."
            )
        self._next_of[camera] = number + 1
        self.lost += number - expected
        index = self.taken + self.lost
        self.taken += 1
        return index, camera

    def _camera(self, tags: Mapping[str, str]) -> str:
        if len(self._next_of) == 1:
            return next(iter(self._next_of))
        label = tags.get(CAMERA_TAG, "")
        if label not in self._next_of:
            raise SourceError(
                f"A frame came from camera {label!r} in a stream of {', '.join(self._next_of)}; "
                "let the Multi Camera name its cameras, then start again."
            )
        return label
