"""Opening a microscope that Micro-Manager drives."""

from __future__ import annotations

import atexit
import weakref
from pathlib import Path

import pymmcore
from pymmcore_plus import CMMCorePlus, find_micromanager

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.guard import GuardedCore
from deepz_live.acquire.way_back import take_back
from deepz_live.config import MicroManager, Profile

_PIXEL_CONFIG = "deepz-live"


def open_core(profile: Profile) -> GuardedCore:
    """A core with the profile's ``.cfg`` loaded, devices chosen and the pixel size known.

    Raises
    ------
    MicroscopeError
        Micro-Manager or the ``.cfg`` is not found, a device does not answer, a camera or a
        focus stage is missing, no pixel size is known.
    """
    settings = profile.micromanager
    if settings is None:
        raise MicroscopeError(
            "The profile names no Micro-Manager configuration; add micromanager.cfg to it."
        )
    cfg = find_cfg(profile, settings)
    core = GuardedCore()
    release_at_exit(core)
    try:
        core.loadSystemConfiguration(str(cfg))
        _choose(core, settings)
        _set_up(core, profile, settings)
    except (RuntimeError, ValueError, OSError) as error:
        take_back([lambda: release(core)])
        if isinstance(error, MicroscopeError):
            raise
        raise MicroscopeError(
            f"Micro-Manager could not open {cfg.name} ({_line(error)}); check that the devices "
            "are on, connected and not in use by another program."
        ) from error
    return core


def release(core: CMMCorePlus) -> None:
    """Stop the camera, let go of all devices and end the core's own thread of notices.

    That thread calls Python: alive while the interpreter ends, it takes the process down. So each
    of these is done even if another fails.
    """
    try:
        if core.getCameraDevice() and core.isSequenceRunning():
            core.stopSequenceAcquisition()
    finally:
        try:
            core.unloadAllDevices()
        finally:
            pymmcore.CMMCore.registerCallback(core, None)


def release_at_exit(core: CMMCorePlus) -> None:
    """Do so at the end of the program for a core that nobody closed."""
    reference = weakref.ref(core)

    def at_exit() -> None:
        if (left := reference()) is not None:
            release(left)

    atexit.register(at_exit)
    weakref.finalize(core, atexit.unregister, at_exit).atexit = False


def find_cfg(profile: Profile, settings: MicroManager) -> Path:
    """The ``.cfg``: as given, beside the profile, or in a Micro-Manager folder."""
    given = profile.resolve(settings.cfg)
    if given.is_file():
        return given
    folders = [Path(folder) for folder in find_micromanager(return_first=False)]
    for folder in folders:
        if (folder / settings.cfg).is_file():
            return folder / settings.cfg
    looked = ", ".join(str(folder) for folder in [profile.folder, *folders])
    raise MicroscopeError(
        f"Micro-Manager configuration {settings.cfg} was not found (looked in {looked}); "
        "give its path as micromanager.cfg."
    )


def _choose(core: CMMCorePlus, settings: MicroManager) -> None:
    if settings.camera is not None:
        core.setCameraDevice(settings.camera)
    if settings.focus is not None:
        core.setFocusDevice(settings.focus)
    if settings.xy_stage is not None:
        core.setXYStageDevice(settings.xy_stage)
    for kind, label in (("camera", core.getCameraDevice()), ("focus", core.getFocusDevice())):
        if not label:
            found = ", ".join(core.getLoadedDevices())
            raise MicroscopeError(
                f"The configuration names no {kind} device (it has {found}); "
                f"set micromanager.{kind} to one of them."
            )


def _set_up(core: CMMCorePlus, profile: Profile, settings: MicroManager) -> None:
    for item in settings.properties:
        core.setProperty(item.device, item.name, item.value)
    if settings.channel_group is not None:
        core.setConfig(settings.channel_group, profile.channel)
        core.setChannelGroup(settings.channel_group)
    core.setExposure(profile.camera.exposure_ms)
    core.setCircularBufferMemoryFootprint(profile.camera.buffer_mb)
    core.waitForSystem()
    set_pixel_size(core, profile.optics.pixel_size_um)
    pixel_size(core)  # raises for one that nobody knows
    if core.getNumberOfComponents() != 1:
        raise MicroscopeError(
            f"Camera {core.getCameraDevice()} gives {core.getNumberOfComponents()} colours a "
            "pixel, but one grey value is wanted; set its pixel type in micromanager.properties."
        )


def set_pixel_size(core: CMMCorePlus, sensor_um: float | None) -> None:
    """Make the core know the sensor's pixel in µm of the sample; None: what its files say holds."""
    known = core.getCurrentPixelSizeConfig()
    if sensor_um is None or (known and abs(core.getPixelSizeUmByID(known) - sensor_um) <= 1e-9):
        return
    for name in core.getAvailablePixelSizeConfigs():
        core.deletePixelSizeConfig(name)
    core.definePixelSizeConfig(_PIXEL_CONFIG)
    core.setPixelSizeUm(_PIXEL_CONFIG, sensor_um)
    core.setPixelSizeConfig(_PIXEL_CONFIG)


def pixel_size(core: CMMCorePlus) -> float:
    """Pixel of a frame in µm of the sample as the devices are set now, binning included."""
    size = float(core.getPixelSizeUm())
    if size <= 0:
        raise MicroscopeError(
            "Micro-Manager knows no pixel size for this objective; set optics.pixel_size_um in "
            "the profile (camera pixel divided by magnification)."
        )
    return size


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
