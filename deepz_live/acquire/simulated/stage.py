"""Focus stage, xy stage and shutter of the built-in microscope, as Python devices."""

from __future__ import annotations

import math
from collections.abc import Callable

from pymmcore_plus.core import FocusDirection
from pymmcore_plus.experimental.unicore import ShutterDevice, StageDevice, XYStageDevice

from deepz_live.acquire.errors import LimitError
from deepz_live.acquire.limits import require_xy, require_z
from deepz_live.config import Stage

Clock = Callable[[], float]
Sleep = Callable[[float], None]


class SimulatedZStage(StageDevice):
    """Travels at ``speed_um_s``, then settles; never leaves the limits of the profile.

    A move blocks until it has arrived. ``stalled`` (a fault for tests) keeps it where it is.
    """

    def __init__(self, stage: Stage, clock: Clock, sleep: Sleep) -> None:
        super().__init__()
        self._stage, self._clock, self._sleep = stage, clock, sleep
        # One tuple, replaced whole: the camera's thread reads it while a move is under way.
        self._move = (stage.z_start_um, stage.z_start_um, clock())
        self.stalled = False

    def height_um(self) -> float:
        """Where the stage is at this moment, also in mid-travel."""
        start, target, began = self._move
        travelled = max(self._clock() - began, 0.0) * self._stage.speed_um_s
        if travelled >= abs(target - start):
            return target
        return start + math.copysign(travelled, target - start)

    def set_position_um(self, val: float) -> None:
        require_z(val, self._stage)
        if self.stalled:
            return
        start = self.height_um()
        self._move = (start, float(val), self._clock())
        settle_s = self._stage.settle_ms / 1000 if val != start else 0.0
        self._sleep(abs(val - start) / self._stage.speed_um_s + settle_s)

    def get_position_um(self) -> float:
        return self.height_um()

    def get_focus_direction(self) -> FocusDirection:
        return FocusDirection.TowardSample

    def home(self) -> None:
        self.set_position_um(self._stage.z_start_um)

    def stop(self) -> None:
        here = self.height_um()
        self._move = (here, here, self._clock())

    def set_origin(self) -> None:
        raise LimitError(
            "The built-in focus stage cannot redefine its zero, because the limits of the "
            "profile are counted from it; move to the position instead."
        )


class SimulatedXYStage(XYStageDevice):
    """Moves at once; never leaves the limits of the profile. (x, y) in µm."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._position = (0.0, 0.0)

    def place_um(self) -> tuple[float, float]:
        """(x, y) in µm."""
        return self._position

    def set_position_um(self, x: float, y: float) -> None:
        require_xy(x, y, self._stage)
        self._position = (float(x), float(y))

    def get_position_um(self) -> tuple[float, float]:
        return self._position

    def home(self) -> None:
        self._position = (0.0, 0.0)

    def stop(self) -> None:
        """It never is under way."""

    def set_origin_x(self) -> None:
        raise LimitError("The built-in xy stage cannot redefine its zero; move instead.")

    def set_origin_y(self) -> None:
        self.set_origin_x()


class SimulatedShutter(ShutterDevice):
    """Open or closed; closed when loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.is_open = False

    def get_open(self) -> bool:
        return self.is_open

    def set_open(self, open: bool) -> None:  # noqa: A002
        self.is_open = bool(open)
