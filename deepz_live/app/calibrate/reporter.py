"""Turning what happens in a calibration into progress, with the time that is left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deepz_live.acquire.request import CalibrationRequest
from deepz_live.acquire.sequence import Plane
from deepz_live.app.calibrate.estimate import CalibrationEstimate
from deepz_live.app.calibrate.progress import CalibrationProgress


class Reporter:
    """Counts planes and emits :class:`CalibrationProgress`.

    Time left is what is missing at the rate so far, pauses not counted; before the first plane,
    the estimate.
    """

    def __init__(
        self,
        emit: Callable[[CalibrationProgress], object],
        clock: Callable[[], float],
        request: CalibrationRequest,
        cost: CalibrationEstimate,
    ) -> None:
        self._emit, self._clock, self._cost = emit, clock, cost
        self._fields, self._stack = len(request.fields), request.planes
        self._planes = request.planes * len(request.channels)
        self._field = self._before = self._plane = self._taken = 0
        self._channel, self._what = "", ""
        self._last: Plane | None = None
        self._curve: list[tuple[float, float]] = []
        self._began_s = self._held_s = 0.0
        self._hold_began_s: float | None = None

    def begin(self) -> None:
        """The run begins now."""
        self._began_s = self._clock()

    def field(self, number: int, stacks: int) -> None:
        """A field begins, of which ``stacks`` channels were taken before."""
        self._field, self._before, self._plane = number, stacks * self._stack, 0
        self._channel, self._curve = "", []
        self.say("moving there")

    def stack(self, channel: str) -> None:
        """A z-stack begins."""
        self._before, self._plane = self._before + self._plane, 0
        self._channel, self._what, self._curve = channel, "z-stack", []

    def plane(self, plane: Plane) -> None:
        """A plane has arrived."""
        self._plane, self._last = plane.count, plane
        self._taken += 1
        self._curve.append((plane.z_um, float(plane.pixels.astype(np.float32).std())))
        self.say("z-stack")

    def hold(self, held: bool) -> None:
        """A pause begins or ends."""
        if held:
            self._hold_began_s = self._clock()
        elif self._hold_began_s is not None:
            self._held_s += self._clock() - self._hold_began_s
            self._hold_began_s = None
        self.say(self._what)

    def done(self) -> None:
        """All is taken."""
        self._field, self._before, self._plane = self._fields, 0, 0
        self._send("done")

    def say(self, what: str) -> None:
        """Emit the numbers with ``what`` happens now."""
        self._what = what
        channel = f" {self._channel}" if self._channel else ""
        pause = " (paused)" if self._hold_began_s is not None else ""
        self._send(f"field {self._field + 1} of {self._fields}{channel}: {what}{pause}")

    def _send(self, message: str) -> None:
        self._emit(
            CalibrationProgress(
                field=self._field,
                fields=self._fields,
                plane=self._before + self._plane,
                planes=self._planes,
                seconds_left=self._seconds_left(),
                message=message,
                channel=self._channel,
                frame=self._last.pixels if self._last is not None else None,
                focus_curve=tuple(self._curve),
                paused=self._hold_began_s is not None,
            )
        )

    def _seconds_left(self) -> float:
        total = self._fields * self._planes
        left = total - self._field * self._planes - self._before - self._plane
        if self._taken == 0:
            return self._cost.seconds * left / total
        spent_s = self._clock() - self._began_s - self._held_s
        return spent_s / self._taken * left
