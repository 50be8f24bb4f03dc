"""Where focus and xy stage stand, and moves that wait and look whether the stage arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pymmcore_plus import CMMCorePlus

from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.limits import require_xy, require_z
from deepz_live.config import Stage

Z_ACCURACY_UM = 0.2
"""A focus stage further from its target than this has not arrived."""
XY_ACCURACY_UM = 5.0
"""An xy stage further from its target than this has not arrived. A worn or coarse one may settle a
few µm beside it, which harms nothing; one that did not move is off by a field, hundreds of µm."""

DEVICE_ERRORS = (RuntimeError, TimeoutError, OSError)
"""What a core raises for a device that fails."""


@contextmanager
def _told(sentence: Callable[[Exception], str]) -> Iterator[None]:
    """What a device raises becomes a :class:`MicroscopeError`; a limit stays what it is."""
    try:
        yield
    except LimitError:
        raise
    except DEVICE_ERRORS as error:
        raise MicroscopeError(sentence(error)) from error


def height_of(core: CMMCorePlus) -> float:
    """Where the focus stage says it is, in µm. Raises :class:`MicroscopeError`."""
    with _told(lambda error: _silent("focus", error)):
        return float(core.getPosition())


def place_of(core: CMMCorePlus) -> tuple[float, float]:
    """(x, y) of the xy stage in µm; (0, 0) where there is none. Raises MicroscopeError."""
    if not core.getXYStageDevice():
        return (0.0, 0.0)
    with _told(lambda error: _silent("xy", error)):
        x, y = core.getXYPosition()
    return (float(x), float(y))


def move_z(core: CMMCorePlus, z_um: float, stage: Stage) -> None:
    """Move the focus and wait until it is there; see :meth:`Microscope.move_z`."""
    require_z(z_um, stage)
    with _told(
        lambda error: (
            f"The focus stage did not come to {z_um:.2f} µm, it stands at {_height(core)} "
            f"({error}); check that it can move freely and is switched on."
        )
    ):
        if stage.backlash_um > 0 and z_um < core.getPosition():
            # From below, so that the play of the drive lies on the same side for every plane.
            core.setPosition(max(z_um - stage.backlash_um, stage.z_min_um))
            core.waitForDevice(core.getFocusDevice())
        core.setPosition(z_um)
        core.waitForDevice(core.getFocusDevice())
    arrived_um = height_of(core)
    if abs(arrived_um - z_um) > Z_ACCURACY_UM:
        raise MicroscopeError(
            f"The focus stage stands at {arrived_um:.2f} µm instead of {z_um:.2f} µm; "
            "check that it can move freely and is switched on."
        )


def move_xy(core: CMMCorePlus, x_um: float, y_um: float, stage: Stage) -> None:
    """Move the xy stage and wait until it is there; see :meth:`Microscope.move_xy`."""
    require_xy(x_um, y_um, stage)
    if not core.getXYStageDevice():
        if (x_um, y_um) == place_of(core):
            return
        raise MicroscopeError(
            f"There is no xy stage to move to x = {x_um:g}, y = {y_um:g} µm; capture one "
            "field, or name the stage as micromanager.xy_stage."
        )
    with _told(
        lambda error: (
            f"The xy stage failed on its way to x = {x_um:g}, y = {y_um:g} µm ({error}); "
            "check the stage and its controller."
        )
    ):
        core.setXYPosition(x_um, y_um)
        core.waitForDevice(core.getXYStageDevice())
    x, y = place_of(core)
    if max(abs(x - x_um), abs(y - y_um)) > XY_ACCURACY_UM:
        raise MicroscopeError(
            f"The xy stage stands at x = {x:.1f}, y = {y:.1f} µm instead of x = {x_um:.1f}, "
            f"y = {y_um:.1f} µm; check that it can move freely, is switched on and is not left to "
            "its joystick."
        )


def _silent(stage: str, error: Exception) -> str:
    return (
        f"The {stage} stage does not say where it stands ({error}); check the stage and its "
        "controller."
    )


def _height(core: CMMCorePlus) -> str:
    """Where the focus stage is, in words."""
    try:
        return f"{height_of(core):.2f} µm"
    except MicroscopeError:
        return "an unknown height"
