"""Focus stage, xy stage and shutter of the built-in microscope, as Python devices."""

from __future__ import annotations

import math
from collections.abc import Callable

from pymmcore_plus.core import FocusDirection
from pymmcore_plus.experimental.unicore import ShutterDevice, StageDevice, XYStageDevice

from deepz_live.acquire.errors import LimitError
from deepz_live.config import Stage

Clock = Callable[[], float]
Sleep = Callable[[float], None]


class SimulatedZStage(StageDevice):
    """Travels at ``speed_um_s``, then settles; its drive has a play of ``backlash_um``.

    A move blocks until it has arrived. What it reports is where the drive is; :meth:`height_um`
    is where the focus is. The core guards the limits.

    Faults, for tests: ``stalled``: it stays where it is, under way for ever; ``deaf``: it stays
    and says it is done; ``misses_um``: the next move falls so much short, and nothing tells.
    """

    def __init__(self, stage: Stage, clock: Clock, sleep: Sleep) -> None:
        super().__init__()
        self._stage, self._clock, self._sleep = stage, clock, sleep
        # One tuple, replaced whole: the camera's thread reads it while a move is under way.
        # (drive at start, drive at end, begin of the move, height at start less what was missed)
        self._move = (stage.z_start_um, stage.z_start_um, clock(), stage.z_start_um)
        self._missed_um = 0.0
        self._stuck = self.stalled = self.deaf = False
        self.misses_um = 0.0

    def height_um(self) -> float:
        """Where the focus is at this moment, also in mid-travel."""
        return self._carried_um() - self._missed_um

    def get_position_um(self) -> float:
        start, target, began, _ = self._move
        travelled = max(self._clock() - began, 0.0) * self._stage.speed_um_s
        if travelled >= abs(target - start):
            return target
        return start + math.copysign(travelled, target - start)

    def set_position_um(self, val: float) -> None:
        self._stuck = self.stalled
        if self.stalled or self.deaf:
            return
        start, carried = self.get_position_um(), self._carried_um()
        self._missed_um, self.misses_um = self._missed_um + self.misses_um, 0.0
        self._move = (start, float(val), self._clock(), carried)
        settle_s = self._stage.settle_ms / 1000 if val != start else 0.0
        self._sleep(abs(val - start) / self._stage.speed_um_s + settle_s)

    def busy(self) -> bool:
        return self._stuck

    def get_focus_direction(self) -> FocusDirection:
        return FocusDirection.TowardSample

    def home(self) -> None:
        self.set_position_um(self._stage.z_start_um)

    def stop(self) -> None:
        here, carried = self.get_position_um(), self._carried_um()
        self._move = (here, here, self._clock(), carried)

    def set_origin(self) -> None:
        raise LimitError("The built-in focus stage cannot redefine its zero; move instead.")

    def _carried_um(self) -> float:
        """The drive pushes the focus up, and lets it down a play later."""
        drive, before = self.get_position_um(), self._move[3]
        return min(max(before, drive), drive + self._stage.backlash_um)


class SimulatedXYStage(XYStageDevice):
    """Moves at once. (x, y) in µm; the core guards the limits."""

    def __init__(self) -> None:
        super().__init__()
        self._position = (0.0, 0.0)

    def place_um(self) -> tuple[float, float]:
        """(x, y) in µm."""
        return self._position

    def set_position_um(self, x: float, y: float) -> None:
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
