"""The acquisition engine of z-stacks: strict, and each plane's z is read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import useq

from deepz_live.acquire.errors import AcquisitionAbortedError
from deepz_live.acquire.strict_engine import StrictEngine

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope

Z_TAG, TIME_TAG = "deepz_z_um", "deepz_time_s"


class StackEngine(StrictEngine):
    """Moves the focus alone and reads each plane's z back from the stage.

    Where the devices can be sequenced by hardware, nobody asks the stage between two planes:
    their z is as commanded, and ``read_back`` is false.

    ``busy_with`` says what is being waited for, to another thread, which may set ``given_up``:
    a device that answers after all then finds the acquisition ended.
    """

    def __init__(self, microscope: Microscope, checkpoint: Callable[[], None]) -> None:
        super().__init__(
            microscope,
            restore_initial_state=False,
            timeout_base=microscope.profile.camera.timeout_s,
            timeout_first_frame=None,
        )
        self._checkpoint = checkpoint
        self.busy_with: Literal["operator", "stage", "camera"] = "stage"
        self.given_up = False
        self.read_back = True

    def setup_event(self, event: useq.MDAEvent) -> None:
        self.busy_with = "operator"
        self._checkpoint()
        if self.given_up:
            raise AcquisitionAbortedError("The z-stack was given up; nothing moves any more.")
        self.busy_with = "stage"
        if hasattr(event, "events"):
            super().setup_event(event)
        elif event.z_pos is not None:
            # Field, channel and exposure were set by who runs the stack.
            self._microscope.move_z(event.z_pos)
        self.busy_with = "camera"

    def exec_single_event(self, event: useq.MDAEvent) -> Iterator[Any]:
        frame = self._microscope.snap()
        facts = {Z_TAG: frame.z_um, TIME_TAG: frame.time_s}
        yield (frame.pixels, event, facts)

    def exec_sequenced_event(self, event: Any) -> Any:
        began_s = self._microscope.clock()
        self.read_back = False
        signal = None
        frames = super().exec_sequenced_event(event)
        while True:
            try:
                payload = frames.send(signal)
            except StopIteration:
                return
            if payload is not None:
                pixels, planned, facts = payload
                own = {Z_TAG: planned.z_pos, TIME_TAG: began_s + facts["runner_time_ms"] / 1000}
                payload = (np.asarray(pixels), planned, cast("Any", {**facts, **own}))
            signal = yield payload
