"""pymmcore-plus' acquisition engine, but no failure passes as a warning."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import useq
from pymmcore_plus import DeviceType, Keyword
from pymmcore_plus.mda import MDAEngine, MDARunner

from deepz_live.acquire.channels import set_preset
from deepz_live.acquire.errors import MicroscopeError

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope


@contextmanager
def in_charge(engine: MDAEngine, runner: MDARunner) -> Iterator[None]:
    """Let ``engine`` run what ``runner`` is given, and the one before it afterwards."""
    before = runner.set_engine(engine)
    try:
        yield
    finally:
        if before is not None:
            runner.set_engine(before)


class StrictEngine(MDAEngine):
    """Ends the run where the engine it stands on logs a warning and goes on.

    There a device that fails leaves pictures out, or has them taken at the wrong place, in the
    wrong channel, at the wrong exposure. Stages move as :class:`Microscope` moves them: within
    the limits, from below where the drive has play, and the focus is asked whether it arrived.

    Attributes
    ----------
    wanted
        Pictures that the run's events ask for; 0 until the first event is due.
    taken
        Pictures handed on, and written where there is a file.
    """

    def __init__(self, microscope: Microscope, **options: Any) -> None:
        super().__init__(microscope.core, **options)
        self._microscope = microscope
        self.wanted = self.taken = 0

    def event_iterator(self, events: Iterable[useq.MDAEvent]) -> Iterator[useq.MDAEvent]:
        # Counted here: how many fields a grid has is known once the sequence is set up.
        planned = list(events)
        pictures = sum(isinstance(e.action, useq.AcquireImage | None) for e in planned)
        self.wanted, self.taken = pictures * self.mmcore.getNumberOfCameraChannels(), 0
        yield from super().event_iterator(planned)

    def setup_single_event(self, event: useq.MDAEvent) -> None:
        super().setup_single_event(event.model_copy(update={"exposure": None}))
        if event.exposure is not None:
            self._microscope.set_exposure(event.exposure)

    def exec_event(self, event: useq.MDAEvent) -> Iterator[Any]:
        before, signal = self.taken, None
        pictures: Any = super().exec_event(event)
        while True:
            try:
                picture = pictures.send(signal)
            except StopIteration:
                break
            if picture is None:
                raise _too_few(self.taken - before, event, self.mmcore.getNumberOfCameraChannels())
            signal = yield picture
            self.taken += 1
        if isinstance(event.action, useq.HardwareAutofocus) and not self._af_succeeded:
            raise MicroscopeError(
                "The autofocus device found no focus, or there is none; bring the sample nearer "
                "to the focus, or run the sequence without autofocus."
            )

    def exec_single_event(self, event: useq.MDAEvent) -> Iterator[Any]:
        core = self.mmcore
        if event.slm_image is not None:
            self._exec_event_slm_image(event.slm_image)
        began_s = event.metadata.get("runner_t0") or time.perf_counter()
        try:
            core.snapImage()
        except (RuntimeError, TimeoutError, ValueError, OSError) as error:
            raise MicroscopeError(f"The camera took no picture ({error}); check it.") from error
        taken_ms = (time.perf_counter() - began_s) * 1000
        if self._autoshutter_was_set and not event.keep_shutter_open:
            self._microscope.close_shutter()
        cameras = core.getNumberOfCameraChannels()
        for number in range(cameras):
            facts = self.get_frame_metadata(
                event,
                runner_time_ms=taken_ms,
                camera_device=core.getPhysicalCameraDevice(number),
                include_position=self.include_frame_position_metadata is not False,
            )
            index = {**event.index, "cam": number} if cameras > 1 else event.index
            yield core.getImage(number), event.model_copy(update={"index": index}), facts

    # What follows is private in pymmcore-plus, where each logs its failure and goes on.

    def _set_event_xy_position(self, event: useq.MDAEvent) -> None:
        if event.x_pos is None and event.y_pos is None:
            return
        x_um, y_um = self._microscope.xy_um
        self._microscope.move_xy(
            x_um if event.x_pos is None else event.x_pos,
            y_um if event.y_pos is None else event.y_pos,
        )

    def _set_event_z(self, event: useq.MDAEvent) -> None:
        if event.z_pos is not None:
            found_um = self._z_correction.get(event.index.get("p"), 0.0)
            self._microscope.move_z(event.z_pos + found_um)

    def _set_event_channel(self, event: useq.MDAEvent) -> None:
        if (channel := event.channel) is None:
            return
        # Setting a wheel to where it is costs a serial round trip for each picture.
        if (channel.group, channel.config) != self.mmcore._last_config:
            set_preset(self.mmcore, channel.group, channel.config)

    def _set_event_properties(self, properties: Sequence[useq.PropertyTuple]) -> None:
        for device, name, value in properties:
            try:
                self._set_property(device, name, value)
            except (RuntimeError, TimeoutError, ValueError, KeyError, OSError) as error:
                raise MicroscopeError(
                    f"Property {name} of {device} could not be set to {value} ({error}); check "
                    "the device, or leave this property out."
                ) from error

    def _set_property(self, device: str, name: str, value: Any) -> None:
        core = self.mmcore
        kind = core.getDeviceType(device) if name == Keyword.Position else None
        if kind == DeviceType.XYStage:
            x_um, y_um = value
            core.setXYPosition(device, float(x_um), float(y_um))
        elif kind == DeviceType.Stage:
            core.setPosition(device, float(value))
        else:
            core.setProperty(device, name, value)

    def _set_event_roi(self, event: useq.MDAEvent) -> None:
        if (roi := event.roi) is not None:
            self.mmcore.clearROI()
            self.mmcore.setROI(roi.offset_x, roi.offset_y, roi.width, roi.height)


def _too_few(taken: int, event: Any, cameras: int) -> MicroscopeError:
    wanted = len(event.events) * cameras
    return MicroscopeError(
        f"The camera gave {taken} of {wanted} pictures of a hardware sequence; "
        "check its cable and trigger."
    )
