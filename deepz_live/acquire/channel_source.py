"""Several channels in turn as one stream of frames: switch, snap, switch, snap, …

The devices are switched by the presets of the channel group, on the thread that reads (the pump).
The shutter is the core's: with auto-shutter it is open during exposures only.

Filters that the camera's trigger switches (hardware sequences) are not used: Micro-Manager says
that a device can be sequenced, not that its trigger is wired, and without the wire every second
frame would carry a wrong label that nothing could notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.pace import ChannelPace, PaceMeter
from deepz_live.stream.source import SourceError

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.config import ChannelSetting


class ChannelSource:
    """Frames of several channels, time-multiplexed; each carries its channel and exposure.

    One thread, the pump, calls :meth:`read`, which takes one picture. Indices count all frames,
    so a gap is a lost frame whatever its channel. What the core says about the light path is
    compared with what was asked for: a frame that would carry a wrong label is an error.

    Parameters
    ----------
    microscope
        Nobody else may use its camera or its channel group while this streams.
    channels
        At least two, in the order in which they are taken.

    Raises
    ------
    MicroscopeError
        Fewer than two, the same twice, one that the microscope does not have, or several cameras
        that give their pictures at once.
    """

    def __init__(self, microscope: Microscope, channels: Sequence[ChannelSetting]) -> None:
        names = tuple(setting.name for setting in channels)
        if len(names) < 2 or len(set(names)) < len(names):
            raise MicroscopeError(
                f"Channels {', '.join(names) or '(none)'} cannot be taken in turn; name two or "
                f"more different ones of {', '.join(microscope.channels)}."
            )
        microscope.require_one_camera()
        for name in names:
            microscope.require_channel(name)
        self._microscope, self._settings = microscope, tuple(channels)
        self._info = replace(
            microscope.info,
            frame_rate_hz=len(names) / sum(microscope.exposure_of(one) / 1000 for one in channels),
            channel=names[0],
            exposure_ms=microscope.exposure_of(channels[0]),
            channels=names,
        )
        self._meter = PaceMeter(names, microscope.clock)
        self._running = self._ended = False
        self._next = 0
        self._before: tuple[str, float] | None = None

    @property
    def info(self) -> StreamInfo:
        """Facts of the stream: exposure of the first channel, rate as if nothing but exposed."""
        return self._info

    @property
    def lost(self) -> int:
        """0: a picture that was not taken has no number."""
        return 0

    @property
    def finished(self) -> bool:
        """True after :meth:`stop`."""
        return self._ended

    @property
    def pace(self) -> ChannelPace:
        """The achieved rate and where the time goes."""
        return self._meter.snapshot()

    def start(self) -> None:
        """Bring the first channel into the light path. Raises :class:`SourceError`."""
        if self._running:
            return
        microscope = self._microscope
        if microscope.core.isSequenceRunning():
            raise SourceError("The camera is already streaming; stop that stream first.")
        self._next, self._ended = 0, False
        self._meter = PaceMeter(self._info.channels, microscope.clock)
        self._before = (microscope.channel, microscope.exposure_ms)
        self._running = True
        try:
            if not microscope.core.getAutoShutter() and microscope.core.getShutterDevice():
                microscope.core.setShutterOpen(True)
            self._switch(self._settings[0])
        except (MicroscopeError, RuntimeError, OSError) as error:
            self.stop()
            raise SourceError(f"The channels did not start: {error}") from error

    def read(self, timeout_s: float) -> Frame | None:  # noqa: ARG002 - an exposure takes its time
        """Take the next picture. None after :meth:`stop`. Raises :class:`SourceError`."""
        if not self._running:
            return None
        clock, setting = self._microscope.clock, self._turn(self._next)
        try:
            begin_s = clock()
            if self._next:
                self._switch(setting)
            switched_s = clock()
            frame = self._microscope.snap()
            done_s = clock()
        except MicroscopeError as error:
            raise SourceError(f"Channel {setting.name}: {error}") from error
        self._check(frame, setting)
        exposure_s = frame.exposure_ms / 1000
        readout_s = max(done_s - switched_s - exposure_s, 0.0)
        self._meter.add(setting.name, exposure_s, switched_s - begin_s, readout_s)
        index, self._next = self._next, self._next + 1
        return replace(frame, index=index)

    def stop(self) -> None:
        """Close the shutter and bring the channel of before back; harmless when called twice."""
        if not self._running:
            return
        self._running, self._ended = False, True
        microscope = self._microscope
        try:
            microscope.close_shutter()
            if self._before is not None:
                name, exposure_ms = self._before
                microscope.set_channel(name)
                microscope.set_exposure(exposure_ms)
        except MicroscopeError as error:
            raise SourceError(f"The channels did not stop in order: {error}") from error

    def _turn(self, index: int) -> ChannelSetting:
        return self._settings[index % len(self._settings)]

    def _switch(self, setting: ChannelSetting) -> None:
        microscope = self._microscope
        microscope.set_channel(setting.name)
        wanted_ms = microscope.exposure_of(setting)
        if microscope.exposure_ms != wanted_ms:
            microscope.set_exposure(wanted_ms)

    def _check(self, frame: Frame, setting: ChannelSetting) -> None:
        if frame.channel != setting.name:
            raise SourceError(
                f"The light path shows channel {frame.channel} where {setting.name} was asked "
                "for; let no other program or panel switch it while several channels stream."
            )
        if frame.pixels.shape != self._info.shape or frame.pixels.dtype != self._info.dtype:
            raise SourceError(
                f"The camera gave a frame of {frame.pixels.shape} {frame.pixels.dtype} in a "
                f"stream of {self._info.shape} {self._info.dtype}; stop the stream before "
                "changing region, binning or pixel type."
            )
