"""Putting the built-in microscope together from a profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.simulated.camera import SimulatedCamera, View
from deepz_live.acquire.simulated.core import SimulatedCore
from deepz_live.acquire.simulated.drift import DriftPath
from deepz_live.acquire.simulated.optics import psf_table
from deepz_live.acquire.simulated.scene import BeadScene, Scene, StackScene
from deepz_live.acquire.simulated.specimen import BeadSample, StackSample
from deepz_live.acquire.simulated.stage import SimulatedShutter, SimulatedXYStage, SimulatedZStage
from deepz_live.acquire.simulated.truth import Truth
from deepz_live.config import Profile
from deepz_live.session.stack import Stack, read_stack


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
    profile, scene = _scene(profile)
    pixel_um = profile.optics.pixel_size_um
    if pixel_um is None:
        raise MicroscopeError("The built-in microscope needs optics.pixel_size_um, e.g. 0.325.")
    n = profile.camera.binning
    if min(scene.shape) < n:
        raise MicroscopeError(
            f"camera.binning = {n} leaves no pixel of a {scene.shape[1]} x {scene.shape[0]} "
            "sensor; choose a smaller one."
        )
    z = SimulatedZStage(profile.stage, clock, sleep)
    xy, shutter = SimulatedXYStage(profile.stage), SimulatedShutter()
    view = View(scene, z, xy, shutter, DriftPath(profile.stage.drift), clock)
    camera = SimulatedCamera(profile.camera, view, sleep=sleep)
    core = SimulatedCore(profile.camera.buffer_mb)
    for label, device in (("Camera", camera), ("Z", z), ("XY", xy), ("Shutter", shutter)):
        core.loadPyDevice(label, device)
    core.initializeAllDevices()
    core.setCameraDevice("Camera")
    core.setFocusDevice("Z")
    core.setXYStageDevice("XY")
    core.setShutterDevice("Shutter")
    core.setAutoShutter(True)
    return BuiltIn(core, camera, view, profile, Truth(view, pixel_um, n))


def _scene(profile: Profile) -> tuple[Profile, Scene]:
    if profile.specimen.kind == "stack":
        return _stack_scene(profile)
    pixel_um = profile.optics.pixel_size_um or 0.0
    table = psf_table(profile.optics)
    sample = BeadSample(profile.specimen)
    return profile, BeadScene(sample, table, profile.specimen, profile.camera, pixel_um)


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
