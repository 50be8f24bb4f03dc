"""One microscope, built-in or driven by Micro-Manager, behind one face."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from types import TracebackType
from typing import Self

import numpy as np

from deepz_live.acquire import moves
from deepz_live.acquire.camera_source import CameraSource
from deepz_live.acquire.cameras import cameras_of, require_one_camera
from deepz_live.acquire.channels import Channels, exposure_of
from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.guard import GuardedCore
from deepz_live.acquire.hardware import open_core, pixel_size, release, release_at_exit
from deepz_live.acquire.limits import require_z
from deepz_live.acquire.simulated.build import BuiltIn, build
from deepz_live.acquire.simulated.truth import Truth
from deepz_live.acquire.way_back import take_back
from deepz_live.config import ChannelSetting, Profile
from deepz_live.stream.frame import Frame, StreamInfo

__all__ = ["LimitError", "Microscope", "MicroscopeError", "open_microscope"]

Clock = Callable[[], float]


def open_microscope(
    profile: Profile, *, clock: Clock = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Microscope:
    """Open the profile's microscope; close it, or use it in a ``with`` statement.

    Raises
    ------
    MicroscopeError
        It cannot be opened, or its focus is outside the limits of the profile.
    StackError
        The specimen is a stack file that cannot be read.
    """
    if profile.microscope == "simulated":
        parts = build(profile, clock, sleep)
        release_at_exit(parts.core)
        return Microscope(parts.core, parts.profile, clock=clock, sleep=sleep, built_in=parts)
    return Microscope(open_core(profile), profile, clock=clock, sleep=sleep)


class Microscope:
    """A core, its profile and the few things the program does with them.

    Attributes
    ----------
    core
        The Micro-Manager core.
    profile
        As given, with sensor, pixel size, limits and calibration plan filled in from a stack.
    acquiring
        Held while a z-stack is taken.
    closed
        Whether :meth:`close` was called; who sees it leaves the devices to that call.
    truth
        What the built-in microscope knows and no real one does; else None.
    """

    def __init__(
        self,
        core: GuardedCore,
        profile: Profile,
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        built_in: BuiltIn | None = None,
    ) -> None:
        self.core, self.clock, self.sleep = core, clock, sleep
        core.setTimeoutMs(round(profile.stage.timeout_s * 1000))
        self.acquiring = threading.Lock()
        self.profile = profile
        self.built_in = built_in
        self.truth: Truth | None = built_in.truth if built_in else None
        self._channels = Channels(core, profile)
        self.closed = False
        self._snaps = 0
        try:
            if profile.channels:
                self.set_exposure(exposure_of(profile.channel, profile))
            self._home_z_um = self.z_um
            require_z(self._home_z_um, profile.stage)
        except MicroscopeError:
            self.closed = True
            take_back([lambda: release(core)])  # why it cannot be opened says more
            raise

    @property
    def profile(self) -> Profile:
        """As given or set since; its limits hold at every call to the devices."""
        return self._profile

    @profile.setter
    def profile(self, profile: Profile) -> None:
        self._profile = profile
        self.core.guard(profile.stage)

    @property
    def pixel_size_um(self) -> float:
        """Pixel of a frame in the sample plane as objective and binning are now.

        Raises :class:`MicroscopeError` for an objective whose pixel size nobody has told.
        """
        return pixel_size(self.core)

    @property
    def shape(self) -> tuple[int, int]:
        """``(Y, X)`` of a frame in pixels."""
        return (self.core.getImageHeight(), self.core.getImageWidth())

    @property
    def z_um(self) -> float:
        """Where the focus stage says it is. Raises :class:`MicroscopeError`, as xy_um does."""
        return moves.height_of(self.core)

    @property
    def xy_um(self) -> tuple[float, float]:
        """(x, y) of the xy stage; (0, 0) where there is none."""
        return moves.place_of(self.core)

    @property
    def exposure_ms(self) -> float:
        """Exposure time."""
        return float(self.core.getExposure())

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that can be chosen: the presets of the channel group, or the profile's one."""
        return self._channels.names

    @property
    def channel(self) -> str:
        """The channel in the light path."""
        return self._channels.current

    @property
    def channel_group(self) -> str | None:
        """Config group of the channels; None where the light path is left alone."""
        return self._channels.group

    @property
    def cameras(self) -> tuple[str, ...]:
        """The camera, or the cameras whose pictures are given at once."""
        return cameras_of(self.core)

    def require_one_camera(self) -> None:
        """Raise :class:`MicroscopeError` where several cameras give their pictures at once."""
        require_one_camera(self.core)

    def require_channel(self, name: str) -> None:
        """Raise :class:`MicroscopeError` where there is no such channel."""
        self._channels.require(name)

    def set_channel(self, name: str) -> None:
        """Switch to a channel and its exposure, and wait for the devices.

        Raises
        ------
        MicroscopeError
            No such channel, or a device failed.
        """
        self._channels.set(name)
        self.set_exposure(exposure_of(name, self.profile))

    def exposure_of(self, setting: ChannelSetting) -> float:
        """Exposure in ms that a channel is taken with: its own, or the profile's for it."""
        return setting.exposure_ms or exposure_of(setting.name, self.profile)

    def set_exposure(self, exposure_ms: float) -> None:
        """Set the exposure time. Raises :class:`MicroscopeError` where the camera refuses it."""
        try:
            self.core.setExposure(exposure_ms)
        except (RuntimeError, ValueError, OSError) as error:
            raise MicroscopeError(
                f"The camera did not take an exposure of {exposure_ms:g} ms ({error}); choose "
                "another."
            ) from error

    @property
    def info(self) -> StreamInfo:
        """Facts of the camera's stream as it is set now."""
        dtype = np.dtype(f"uint{8 * self.core.getBytesPerPixel()}")
        cameras = self.cameras
        together = cameras if len(cameras) > 1 else ()
        return StreamInfo(
            shape=self.shape,
            dtype=dtype.name,
            pixel_size_um=self.pixel_size_um,
            frame_rate_hz=self.profile.camera.frame_rate_hz if self.built_in else 0.0,
            channel=together[0] if together else self.channel,
            exposure_ms=self.exposure_ms,
            origin=self.profile.name,
            channels=together,
        )

    def move_z(self, z_um: float) -> None:
        """Move the focus and wait until it is there.

        Raises
        ------
        LimitError
            Outside the profile's limits; nothing has moved.
        MicroscopeError
            The stage failed, or did not arrive.
        """
        moves.move_z(self.core, z_um, self.profile.stage)

    def hardware_focus(self) -> float:
        """Let the autofocus device find the focus and return it in µm.

        Raises
        ------
        LimitError
            It went outside the limits; the focus is back where it was.
        MicroscopeError
            There is none, or it found nothing.
        """
        if not self.core.getAutoFocusDevice():
            raise MicroscopeError(
                "This microscope has no autofocus device; set calibration.autofocus to image."
            )
        before = self.z_um
        try:
            self.core.fullFocus()
            self.core.waitForDevice(self.core.getFocusDevice())
            found = self.z_um
        except LimitError:
            raise
        except (RuntimeError, TimeoutError, OSError) as error:
            self.move_z(before)
            raise MicroscopeError(
                f"The autofocus device found no focus ({error}); bring the sample nearer to the "
                "focus, or set calibration.autofocus to image."
            ) from error
        return found

    @property
    def versions(self) -> dict[str, str]:
        """Versions of what takes the pictures."""
        return {
            "deepz-live": version("deepz-live"),
            "pymmcore-plus": version("pymmcore-plus"),
            "Micro-Manager": str(self.core.getVersionInfo()),
            "device interface": str(self.core.getAPIVersionInfo()),
        }

    def move_xy(self, x_um: float, y_um: float) -> None:
        """Move the xy stage and wait until it is there.

        Raises
        ------
        LimitError
            Outside the profile's limits, or a keep-out area may lie on the way; nothing has moved.
        MicroscopeError
            The stage failed, or did not arrive.
        """
        moves.move_xy(self.core, x_um, y_um, self.profile.stage)

    def snap(self) -> Frame:
        """One frame at the present focus; the shutter opens for it. Raises MicroscopeError.

        Its time is that at which the exposure began.
        """
        began_s = self.clock()
        try:
            self.core.snapImage()
            pixels = np.ascontiguousarray(self.core.getImage())
        except (RuntimeError, TimeoutError, ValueError, OSError) as error:
            raise MicroscopeError(f"The camera took no picture ({error}); check it.") from error
        frame = Frame(
            pixels=pixels,
            index=self._snaps,
            time_s=began_s,
            z_um=self.z_um,
            exposure_ms=self.exposure_ms,
            channel=self.channel,
        )
        self._snaps += 1
        return frame

    def camera_source(self) -> CameraSource:
        """The camera's continuous stream; one at a time."""
        camera = self.built_in.camera if self.built_in else None
        return CameraSource(
            self.core,
            self.info,
            clock=self.clock,
            sleep=self.sleep,
            fault=(lambda: camera.fault) if camera is not None else None,
        )

    def close_shutter(self) -> None:
        """Close the shutter, where there is one. Raises :class:`MicroscopeError`."""
        if not self.core.getShutterDevice():
            return
        try:
            self.core.setShutterOpen(False)
        except (RuntimeError, OSError) as error:
            raise MicroscopeError(
                f"The shutter did not close ({error}); close it by hand."
            ) from error

    def close(self) -> None:
        """Stop the camera, close the shutter, bring the focus back, let go of the devices.

        Each of these even if another fails, as nobody can close it a second time.

        Raises
        ------
        MicroscopeError
            The first of them that failed.
        """
        if self.closed:
            return
        self.closed = True
        failed: MicroscopeError | None = None
        try:
            failed = take_back(
                [
                    self._end_acquisition,
                    self._stop_camera,
                    self.close_shutter,
                    lambda: self.move_z(self._home_z_um),
                ]
            )
        finally:
            held = take_back([lambda: release(self.core)])
        failed = failed or held
        if failed is not None:
            raise failed

    def _stop_camera(self) -> None:
        try:
            if self.core.isSequenceRunning():
                self.core.stopSequenceAcquisition()
        except moves.DEVICE_ERRORS as error:
            raise MicroscopeError(f"The camera did not stop ({error}); switch it off.") from error

    def _end_acquisition(self) -> None:
        """Let a z-stack that another thread takes end, so that it does not move things after us."""
        patience_s = self.profile.camera.timeout_s + self.profile.stage.timeout_s
        self.core.mda.cancel()
        if self.acquiring.acquire(timeout=patience_s):
            self.acquiring.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
