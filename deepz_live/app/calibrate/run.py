"""The calibration run: autofocus, z-stack and file for each field and channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from psygnal import Signal

from deepz_live.acquire.errors import AcquisitionAbortedError, MicroscopeError
from deepz_live.acquire.focus import autofocus
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.plan import (
    calibration_plan,
    check_plan,
    check_ways,
    place_of,
    plan_from,
    stack_plan,
)
from deepz_live.acquire.request import CalibrationRequest, default_request
from deepz_live.acquire.sequence import StackRun
from deepz_live.acquire.way_back import take_back
from deepz_live.app.calibrate.control import Control, FieldRepeated, FieldSkipped
from deepz_live.app.calibrate.estimate import CalibrationEstimate, estimate
from deepz_live.app.calibrate.files import (
    Taken,
    blank_record,
    make_folder,
    refuse_other,
    remove_folder,
    stack_file,
    write_taken,
)
from deepz_live.app.calibrate.progress import CalibrationProgress
from deepz_live.app.calibrate.record import (
    RECORD,
    StackEntry,
    read_record,
    write_record,
)
from deepz_live.app.calibrate.reporter import Reporter
from deepz_live.config import ChannelSetting


class CalibrationRun:
    """All stacks of a request; then everything back where it was.

    :meth:`run` blocks; give it a thread of its own beside a window. :attr:`progress` is emitted
    on threads of this run. However it ends, the focus and the stage are where they began, the
    channel is the one before, the shutter is closed, and the folder holds finished stacks only.

    Parameters
    ----------
    request
        None: the profile's calibration, or with ``resume`` that of the folder.
    resume
        Go on with the calibration in ``out`` at its first missing stack; where it holds none,
        begin.
    repeat
        Numbers (from 0) of fields that are taken anew although they have been.

    Raises
    ------
    LimitError
        The plan leaves the limits, a keep-out area may lie on its way, or its fields overlap;
        nothing has moved.
    MicroscopeError
        An unknown channel; several cameras at once; ``out`` holds another calibration.
    """

    progress: ClassVar[Signal] = Signal(CalibrationProgress)

    def __init__(
        self,
        microscope: Microscope,
        out: Path,
        request: CalibrationRequest | None = None,
        *,
        resume: bool = False,
        repeat: Sequence[int] = (),
    ) -> None:
        self._microscope, self._out = microscope, out
        microscope.require_one_camera()
        found = read_record(out) if (out / RECORD).is_file() else None
        if found is not None:
            refuse_other(out, found, request, resume)
            request = found.request
        elif resume and request is None:
            read_record(out)  # says that there is none
        self.request = request or default_request(microscope.profile, microscope)
        begun = plan_from(found.plan) if found is not None else None
        self._plan = begun or calibration_plan(self.request, microscope)
        check_plan(self._plan, microscope.profile)
        record = found or blank_record(self.request, self._plan, microscope)
        kept = [entry for entry in record.fields if (out / entry.file).is_file()]
        self._record = record.model_copy(update={"fields": tuple(kept)}).without(tuple(repeat))
        check_ways(self._plan, self._fields_left(), microscope)
        self._control = Control()
        self._stack: StackRun | None = None
        self._report = Reporter(self.progress.emit, microscope.clock, self.request, self.estimate())

    def estimate(self) -> CalibrationEstimate:
        """Time, disk and dose before anything moves or lights up."""
        return estimate(self.request, self._microscope)

    def abort(self) -> None:
        """Stop soon; this and the next four from any thread, any number of times."""
        self._control.abort()
        self._break_sequence()

    def pause(self) -> None:
        """Wait before the next plane, shutter closed."""
        self._control.pause(True)

    def resume(self) -> None:
        """Go on after :meth:`pause`."""
        self._control.pause(False)

    def skip_field(self) -> None:
        """Leave out what is missing of the field under way."""
        self._control.leave_field(FieldSkipped)
        self._break_sequence()

    def retry_field(self) -> None:
        """Take the field under way anew, autofocus and all."""
        self._control.leave_field(FieldRepeated)
        self._break_sequence()

    def run(self) -> list[Path]:
        """Capture what is missing and return the files of all stacks, in the plan's order.

        Raises
        ------
        LimitError
            A device call left the limits.
        AcquisitionAbortedError
            :meth:`abort` was called.
        MicroscopeError
            A device failed, there is nothing to focus on, or the disk is full.
        StackError
            A stack could not be written.
        """
        microscope = self._microscope
        if microscope.core.isSequenceRunning():
            raise MicroscopeError(
                "The camera is streaming, so no z-stack can be captured; stop the live view first."
            )
        check_ways(self._plan, self._fields_left(), microscope)  # it may stand elsewhere by now
        new = make_folder(self._out)
        back = self._way_back()
        self._report.begin()
        try:
            write_record(self._out, self._record)
            for number in range(len(self.request.fields)):
                self._field(number)
        except BaseException as error:
            failed = self._bring_back(back)
            if new and not self._record.fields:
                # A folder that cannot be removed says less than why the run ended.
                with suppress(OSError):
                    remove_folder(self._out)
            if failed is not None and isinstance(error, AcquisitionAbortedError):
                raise failed from error
            # After an error its cause is what the operator must read first.
            raise
        if (failed := self._bring_back(back)) is not None:
            raise failed
        self._record = self._record.model_copy(update={"finished": True})
        write_record(self._out, self._record)
        self._report.done()
        return [self._out / entry.file for entry in self._record.fields]

    def _field(self, number: int) -> None:
        """All missing stacks of one field, again for as long as the operator wants it repeated."""
        while True:
            missing = self._missing(number)
            if not missing:
                return
            try:
                self._take(number, missing)
            except FieldSkipped:
                skipped = (*self._record.skipped, number)
                self._record = self._record.model_copy(update={"skipped": skipped})
                write_record(self._out, self._record)
            except FieldRepeated:
                self._record = self._record.without([number])

    def _missing(self, number: int) -> list[ChannelSetting]:
        """Channels still to be taken of a field; none of one that the operator left out."""
        if number in self._record.skipped:
            return []
        channels = self.request.channels
        return [setting for setting in channels if not self._record.has(number, setting.name)]

    def _fields_left(self) -> list[int]:
        return [number for number in range(len(self.request.fields)) if self._missing(number)]

    def _take(self, number: int, missing: list[ChannelSetting]) -> None:
        self._report.field(number, len(self.request.channels) - len(missing))
        self._checkpoint()
        x_um, y_um, z_um = place_of(self._plan, number)
        self._microscope.move_xy(x_um, y_um)
        focus_um = self._record.focus_of(number)
        if focus_um is None:
            focus_um = self._focus(z_um)
        for setting in missing:
            self._capture(number, setting, focus_um)
            self._microscope.close_shutter()
        self._checkpoint()

    def _focus(self, z_um: float) -> float:
        """The height around which this field's stacks are taken."""
        microscope, request = self._microscope, self.request
        if request.autofocus == "none":
            return z_um
        first = request.channels[0]
        microscope.set_channel(first.name)
        microscope.set_exposure(microscope.exposure_of(first))
        self._report.say("autofocus")
        # Where the last stack ended, a device is out of its lock range or finds another surface.
        microscope.move_z(z_um)
        if request.autofocus == "hardware":
            return microscope.hardware_focus()
        return autofocus(
            microscope,
            request.autofocus_range_um,
            keep_clear_um=request.span_um / 2,
            checkpoint=self._checkpoint,
        )

    def _capture(self, number: int, setting: ChannelSetting, focus_um: float) -> None:
        microscope = self._microscope
        plan = stack_plan(self._plan, number, setting.name, focus_um)
        self._checkpoint()
        exposure_ms = microscope.exposure_of(setting)
        microscope.set_channel(setting.name)
        microscope.set_exposure(exposure_ms)
        self._report.stack(setting.name)
        began = datetime.now(UTC)
        self._stack = StackRun(microscope, plan, checkpoint=self._checkpoint)
        planes = self._stack.run(self._report.plane)
        read_back, self._stack = self._stack.read_back, None
        taken = Taken(setting.name, exposure_ms, self.request.step_um, planes, began, read_back)
        file = stack_file(number, setting.name, self.request)
        write_taken(self._out, file, taken, microscope)
        field = self.request.fields[number]
        entry = StackEntry(
            file=file,
            field=number,
            name=field.name,
            x_um=field.x_um,
            y_um=field.y_um,
            focus_um=focus_um,
            role=field.role,
            channel=setting.name,
            exposure_ms=exposure_ms,
            began=began,
        )
        self._record = self._record.plus(entry)
        write_record(self._out, self._record)

    def _checkpoint(self) -> None:
        self._control.checkpoint(self._report.hold)

    def _break_sequence(self) -> None:
        stack = self._stack
        if stack is not None:
            stack.cancel()

    def _bring_back(self, steps: Sequence[Callable[[], None]]) -> MicroscopeError | None:
        """Take the way back, unless the microscope is being closed; the first failure.

        Who closes a microscope brings it back, too, and then takes its devices away. The lock
        lets only one of the two at them. A camera that never answered may hold it for ever.
        """
        acquiring = self._microscope.acquiring
        free = acquiring.acquire(blocking=False)
        try:
            return None if self._microscope.closed else take_back(steps if free else steps[:-1])
        finally:
            if free:
                acquiring.release()

    def _way_back(self) -> list[Callable[[], None]]:
        """Shutter closed; focus and stage as they are now; last, channel and exposure.

        The last is for a camera that answers: one that is stuck keeps whoever asks it waiting.
        """
        microscope = self._microscope
        z_um, (x_um, y_um) = microscope.z_um, microscope.xy_um
        channel, exposure_ms = microscope.channel, microscope.exposure_ms

        def light_path() -> None:
            microscope.set_channel(channel)
            microscope.set_exposure(exposure_ms)

        return [
            microscope.close_shutter,
            lambda: microscope.move_z(z_um),
            lambda: microscope.move_xy(x_um, y_um),
            light_path,
        ]
