"""Putting the built-in microscope together from a profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.hardware import set_pixel_size
from deepz_live.acquire.simulated.bead_images import bead_images
from deepz_live.acquire.simulated.bleaching import Bleaching
from deepz_live.acquire.simulated.camera import SimulatedCamera, View
from deepz_live.acquire.simulated.core import SimulatedCore
from deepz_live.acquire.simulated.drift import DriftPath
from deepz_live.acquire.simulated.samples.embryo import Embryos
from deepz_live.acquire.simulated.samples.filaments import Filaments
from deepz_live.acquire.simulated.samples.mitochondria import Mitochondria
from deepz_live.acquire.simulated.samples.nuclei import Nuclei
from deepz_live.acquire.simulated.samples.sample import VolumeSample
from deepz_live.acquire.simulated.samples.worm import CHANNELS, Worms
from deepz_live.acquire.simulated.scene import BeadScene, Scene, StackScene
from deepz_live.acquire.simulated.specimen import BeadSample, StackSample
from deepz_live.acquire.simulated.stage import SimulatedShutter, SimulatedXYStage, SimulatedZStage
from deepz_live.acquire.simulated.transfer import transfer
from deepz_live.acquire.simulated.truth import Truth
from deepz_live.acquire.simulated.volume_scene import VolumeScene
from deepz_live.acquire.simulated.wheel import SimulatedFilterWheel
from deepz_live.config import Profile, Specimen
from deepz_live.session.stack import Stack, read_stack

CHANNEL_GROUP = "Channel"
PLAIN_SAMPLES: dict[str, Callable[[Specimen], VolumeSample]] = {
    "embryo": Embryos,
    "filaments": Filaments,
    "mitochondria": Mitochondria,
    "nuclei": Nuclei,
}


@dataclass(frozen=True, eq=False)
class BuiltIn:
    """The parts of the built-in microscope; ``profile`` has what follows from a stack file."""

    core: SimulatedCore
    camera: SimulatedCamera
    view: View
    profile: Profile
    truth: Truth


def build(profile: Profile, clock: Callable[[], float], sleep: Callable[[float], None]) -> BuiltIn:
    """A core with camera, stages and shutter loaded, looking at the profile's specimen.

    Raises
    ------
    MicroscopeError
        Optics that cannot be built, a binning that leaves no pixel.
    StackError
        The specimen's stack cannot be read.
    """
    profile, scene_of, channels = _scenes(profile)
    pixel_um = profile.optics.pixel_size_um
    if pixel_um is None:
        raise MicroscopeError("The built-in microscope needs optics.pixel_size_um, e.g. 0.325.")
    n, sensor = profile.camera.binning, profile.camera
    if min(sensor.width_px, sensor.height_px) < n:
        raise MicroscopeError(
            f"camera.binning = {n} leaves no pixel of a {sensor.width_px} x {sensor.height_px} "
            "sensor; choose a smaller one."
        )
    z = SimulatedZStage(profile.stage, clock, sleep)
    xy, shutter = SimulatedXYStage(), SimulatedShutter()
    wheel = SimulatedFilterWheel(channels, profile.channel, profile.filter_wheel.switch_ms, sleep)
    field_um = (sensor.height_px * pixel_um, sensor.width_px * pixel_um)
    drift, bleaching = DriftPath(profile.stage.drift), Bleaching(profile.specimen, field_um)
    view = View(scene_of, z, xy, wheel, shutter, drift, bleaching, clock)
    camera = SimulatedCamera(profile.camera, view, sleep=sleep)
    core = SimulatedCore(profile.camera.buffer_mb)
    devices = {"Camera": camera, "Z": z, "XY": xy, "Shutter": shutter, "Filter": wheel}
    for label, device in devices.items():
        core.loadPyDevice(label, device)
    core.initializeAllDevices()
    core.setCameraDevice("Camera")
    core.setFocusDevice("Z")
    core.setXYStageDevice("XY")
    core.setShutterDevice("Shutter")
    core.setAutoShutter(True)
    for channel in channels:
        core.defineConfig(CHANNEL_GROUP, channel, "Filter", "Label", channel)
    core.setChannelGroup(CHANNEL_GROUP)
    set_pixel_size(core, pixel_um)
    truth = Truth(view, profile.specimen, pixel_um, camera.get_binning)
    return BuiltIn(core, camera, view, profile, truth)


def _scenes(profile: Profile) -> tuple[Profile, Callable[[str], Scene], tuple[str, ...]]:
    """The profile as the sample makes it, a scene for each channel, and the channels.

    The first channel is the profile's. All samples but the worm look the same in each.
    """
    names = tuple(setting.name for setting in profile.all_channels)
    if profile.specimen.kind == "worm":
        return profile, _worm_scenes(profile, (profile.channel, *names)), CHANNELS
    profile, scene = _stack_scene(profile) if profile.specimen.kind == "stack" else _scene(profile)
    others = tuple(name for name in names if name != profile.channel)
    return profile, lambda _: scene, (profile.channel, *others)


def _scene(profile: Profile) -> tuple[Profile, Scene]:
    specimen, pixel_um = profile.specimen, profile.optics.pixel_size_um or 0.0
    if specimen.kind in PLAIN_SAMPLES:
        volume, seen = PLAIN_SAMPLES[specimen.kind](specimen), transfer(profile.optics)
        return profile, VolumeScene(volume, seen, specimen, profile.camera, pixel_um)
    images = bead_images(profile.optics)
    return profile, BeadScene(BeadSample(specimen), images, specimen, profile.camera, pixel_um)


def _worm_scenes(profile: Profile, wanted: tuple[str, ...]) -> Callable[[str], Scene]:
    unknown = [name for name in wanted if name not in CHANNELS]
    if unknown:
        raise MicroscopeError(
            f"The worm has no channel {unknown[0]!r}; set channel to {' or '.join(CHANNELS)}."
        )
    seen = transfer(profile.optics)
    specimen, pixel_um = profile.specimen, profile.optics.pixel_size_um or 0.0
    return lambda channel: VolumeScene(
        Worms(specimen, channel), seen, specimen, profile.camera, pixel_um
    )


def _stack_scene(profile: Profile) -> tuple[Profile, Scene]:
    specimen = profile.specimen
    if specimen.path is None:
        raise MicroscopeError(
            "The specimen is a stack but specimen.path is missing; "
            "give a TIFF z-stack, e.g. --set specimen.path=my_stack.tif."
        )
    stack = read_stack(profile.resolve(specimen.path), specimen.pixel_size_um, specimen.z_step_um)
    profile = _follow_stack(profile, stack)
    sample = StackSample(stack.voxels, stack.z_step_um)
    return profile, StackScene(sample, profile.camera, stack.pixel_size_um)


def _follow_stack(profile: Profile, stack: Stack) -> Profile:
    """The profile with sensor, pixel, limits and calibration plan as the file has them."""
    planes, rows, columns = stack.voxels.shape
    # Plane Z // 2 is z = 0: of an even number of planes one more lies below than above.
    bottom, top = -(planes // 2) * stack.z_step_um, (planes - 1 - planes // 2) * stack.z_step_um
    camera = profile.camera.model_copy(update={"width_px": columns, "height_px": rows})
    optics = profile.optics.model_copy(update={"pixel_size_um": stack.pixel_size_um})
    low, high = max(profile.stage.z_min_um, bottom), min(profile.stage.z_max_um, top)
    if low >= high:
        raise MicroscopeError(
            f"Stage limits {profile.stage.z_min_um:g} … {profile.stage.z_max_um:g} µm do not meet "
            f"the stack's {bottom:g} … {top:g} µm; leave the limits out of the profile."
        )
    start = min(max(profile.stage.z_start_um, low), high)
    # Beyond half a field there is nothing but the file's edge.
    side = min(profile.stage.xy_limit_um, min(rows, columns) * stack.pixel_size_um / 2)
    stage = profile.stage.model_copy(
        update={"z_min_um": low, "z_max_um": high, "z_start_um": start, "xy_limit_um": side}
    )
    calibration = profile.calibration.model_copy(
        update={"step_um": profile.calibration.step_um or stack.z_step_um}
    )
    return profile.model_copy(
        update={"camera": camera, "optics": optics, "stage": stage, "calibration": calibration}
    )
