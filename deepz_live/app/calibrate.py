"""Capturing the z-stacks a model is trained on."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from psygnal import Signal

from deepz_live.acquire.errors import AcquisitionAbortedError, MicroscopeError
from deepz_live.acquire.focus import COARSE_STEP_UM, FINE_HALF_RANGE_UM, FINE_STEP_UM, autofocus
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.plan import calibration_plan, check_plan, positions_of, z_span
from deepz_live.acquire.sequence import StackRun
from deepz_live.config import Profile
from deepz_live.session.stack import Stack, write_stack

_OVERHEAD_S = 0.02
"""Move, read-out and bookkeeping of one plane, beyond its exposure."""


@dataclass(frozen=True, slots=True)
class CalibrationProgress:
    """How far it is: ``plane`` of ``planes`` done in ``field`` (from 0) of ``fields``."""

    field: int
    fields: int
    plane: int
    planes: int
    seconds_left: float
    message: str


@dataclass(frozen=True, slots=True)
class CalibrationEstimate:
    """What a calibration will cost: time, disk, and light (exposure of each field, seconds)."""

    frames: int
    seconds: float
    disk_bytes: int
    exposure_s_per_field: float


class CalibrationRun:
    """Autofocus, z-stack and file for each field; then everything back where it was.

    :meth:`run` blocks; give it a thread of its own beside a window. :attr:`progress` is emitted
    on threads of this run. After an abort or an error, the focus and the stage are where they
    began, the shutter is closed, and the folder holds finished stacks only.
    """

    progress: ClassVar[Signal] = Signal(CalibrationProgress)

    def __init__(self, microscope: Microscope, out: Path, *, fields: int | None = None) -> None:
        self._microscope, self._out = microscope, out
        self._plan = calibration_plan(microscope.profile, microscope, fields)
        self._positions = positions_of(self._plan)
        self._planes = len(list(self._plan)) // len(self._positions)
        self._aborted = threading.Event()
        self._stack: StackRun | None = None
        self._began_s = 0.0

    def estimate(self) -> CalibrationEstimate:
        """Time, disk and dose before anything moves or lights up."""
        calibration = self._microscope.profile.calibration
        exposure_s = self._microscope.exposure_ms / 1000
        looks = 0
        if calibration.autofocus:
            looks = round(calibration.autofocus_range_um / COARSE_STEP_UM) + 1
            looks += round(2 * FINE_HALF_RANGE_UM / FINE_STEP_UM) + 1
        per_field = self._planes + looks
        fields = len(self._positions)
        info = self._microscope.info
        size = int(np.prod(info.shape)) * np.dtype(info.dtype).itemsize
        return CalibrationEstimate(
            frames=fields * self._planes,
            seconds=fields * per_field * (exposure_s + _OVERHEAD_S),
            disk_bytes=fields * self._planes * size,
            exposure_s_per_field=per_field * exposure_s,
        )

    def abort(self) -> None:
        """Stop soon; may be called from any thread, any number of times."""
        self._aborted.set()
        stack = self._stack
        if stack is not None:
            stack.cancel()

    def run(self) -> list[Path]:
        """Capture all fields and return the files of their stacks.

        Raises
        ------
        LimitError
            The plan leaves the stage's limits; nothing has moved.
        AcquisitionAbortedError
            :meth:`abort` was called.
        MicroscopeError
            A device failed, or there is nothing to focus on.
        StackError
            A stack could not be written.
        """
        microscope = self._microscope
        check_plan(self._plan, microscope.profile)
        if microscope.core.isSequenceRunning():
            raise MicroscopeError(
                "The camera is streaming, so no z-stack can be captured; stop the live view first."
            )
        new = not self._out.exists()
        self._out.mkdir(parents=True, exist_ok=True)
        home_z, home_xy = microscope.z_um, microscope.xy_um
        self._began_s = microscope.clock()
        try:
            entries = [self._field(number) for number in range(len(self._positions))]
        except BaseException as error:
            self._tidy(new)
            failed = self._restore(home_z, home_xy)
            if failed is not None and isinstance(error, AcquisitionAbortedError):
                raise failed from error
            # After an error its cause is what the operator must read first.
            raise
        if (failed := self._restore(home_z, home_xy)) is not None:
            raise failed
        self._describe(entries)
        self._say(len(entries), 0, "done")
        return [self._out / str(entry["file"]) for entry in entries]

    def _field(self, number: int) -> dict[str, Any]:
        microscope, place = self._microscope, self._positions[number]
        self._stop_if_asked()
        if place.x is not None and place.y is not None:
            microscope.move_xy(place.x, place.y)
        focus_um = self._focus(number, float(place.z or 0.0))
        plan = self._plan.replace(stage_positions=(place.replace(z=focus_um),))
        self._stack = StackRun(microscope, plan)
        self._stop_if_asked()
        message = f"field {number + 1} of {len(self._positions)}: z-stack"
        voxels, z_um = self._stack.run(lambda plane: self._say(number, plane, message))
        self._stack = None
        profile = microscope.profile
        file = self._out / f"field_{number:03d}_{_file_part(profile.channel)}.ome.tif"
        write_stack(
            file,
            Stack(
                voxels=voxels,
                pixel_size_um=microscope.pixel_size_um,
                z_step_um=z_span(profile, focus_um)[2],
                channel=profile.channel,
                exposure_ms=microscope.exposure_ms,
                z_um=z_um,
                source=profile.name,
            ),
        )
        return {"file": file.name, "x_um": place.x, "y_um": place.y, "focus_um": focus_um}

    def _focus(self, number: int, z_um: float) -> float:
        """The height around which this field's stack is taken."""
        microscope, calibration = self._microscope, self._microscope.profile.calibration
        if not calibration.autofocus or calibration.range_um is None:
            return z_um
        self._say(number, 0, f"field {number + 1} of {len(self._positions)}: autofocus")
        return autofocus(
            microscope,
            calibration.autofocus_range_um,
            keep_clear_um=calibration.range_um / 2,
            aborted=self._aborted.is_set,
        )

    def _stop_if_asked(self) -> None:
        if self._aborted.is_set():
            raise AcquisitionAbortedError(
                "The calibration was stopped; the stacks finished so far are kept."
            )

    def _tidy(self, new: bool) -> None:
        """Take away a folder made for nothing."""
        if new and not any(self._out.iterdir()):
            self._out.rmdir()

    def _restore(self, z_um: float, xy_um: tuple[float, float]) -> MicroscopeError | None:
        """Shutter closed, focus and stage back, each tried even if another fails."""
        microscope = self._microscope
        steps: list[Callable[[], None]] = [
            microscope.close_shutter,
            lambda: microscope.move_z(z_um),
            lambda: microscope.move_xy(*xy_um),
        ]
        failed: list[MicroscopeError] = []
        for step in steps:
            try:
                step()
            except MicroscopeError as error:
                failed.append(error)
        return failed[0] if failed else None

    def _describe(self, entries: list[dict[str, Any]]) -> None:
        """``calibration.json``: plan, optics, profile and where each field was."""
        facts = {
            "plan": json.loads(self._plan.model_dump_json(exclude_unset=True)),
            "optics": self._microscope.profile.optics.model_dump(mode="json"),
            "profile": _public(self._microscope.profile),
            "pixel_size_um": self._microscope.pixel_size_um,
            "exposure_ms": self._microscope.exposure_ms,
            "fields": entries,
        }
        part = self._out / "calibration.json.part"
        part.write_text(json.dumps(facts, indent=2), encoding="utf-8")
        part.replace(self._out / "calibration.json")

    def _say(self, number: int, plane: int, message: str) -> None:
        done = number * self._planes + plane
        total = len(self._positions) * self._planes
        spent_s = self._microscope.clock() - self._began_s
        left_s = self.estimate().seconds if done == 0 else spent_s / done * (total - done)
        fields = len(self._positions)
        self.progress.emit(
            CalibrationProgress(number, fields, plane, self._planes, left_s, message)
        )


def _file_part(channel: str) -> str:
    """A channel's name as part of a file name on every system."""
    return "".join(letter if letter.isalnum() or letter in "-+" else "-" for letter in channel)


def _public(profile: Profile) -> dict[str, Any]:
    """The profile without the folders of this computer."""
    facts = profile.model_dump(mode="json", exclude={"folder"})
    if profile.specimen.path is not None:
        facts["specimen"]["path"] = profile.specimen.path.name
    return facts
