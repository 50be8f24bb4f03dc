"""The wizard's words and those of a calibration, turned into each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from deepz_live.gui.wizard.desk import (
    CaptureNews,
    CaptureOrder,
    ChannelChoice,
    FieldChoice,
    StackChoice,
)

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.acquire.request import CalibrationRequest, FieldRequest
    from deepz_live.app.calibrate import CalibrationProgress, CalibrationRun
    from deepz_live.config import Optics

_MEDIA = {1.0: "air", 1.33: "water", 1.47: "glycerol", 1.51: "oil", 1.52: "oil"}


class WizardRun:
    """A calibration run that tells in the wizard's words."""

    def __init__(self, run: CalibrationRun) -> None:
        self._run = run
        self.abort, self.pause, self.resume = run.abort, run.pause, run.resume
        self.skip_field, self.retry_field = run.skip_field, run.retry_field

    def run(self, tell: Callable[[CaptureNews], None]) -> None:
        """Blocks until the capture has ended."""

        def heard(progress: CalibrationProgress) -> None:
            tell(_news(progress))

        self._run.progress.connect(heard)
        try:
            self._run.run()
        finally:
            self._run.progress.disconnect(heard)


def _news(progress: CalibrationProgress) -> CaptureNews:
    return CaptureNews(
        field=progress.field,
        fields=progress.fields,
        plane=progress.plane,
        planes=progress.planes,
        seconds_left=progress.seconds_left,
        message=progress.message,
        channel=progress.channel,
        picture=progress.frame,
        curve=progress.focus_curve,
    )


def request_of(order: CaptureOrder) -> CalibrationRequest:
    """The wizard's order as a calibration is asked for."""
    from deepz_live.acquire.request import CalibrationRequest
    from deepz_live.config import ChannelSetting

    return CalibrationRequest(
        fields=field_requests(order.fields),
        channels=tuple(
            ChannelSetting(name=channel.name, exposure_ms=channel.exposure_ms)
            for channel in order.channels
        ),
        range_um=order.stack.range_um,
        step_um=order.stack.step_um,
        autofocus=order.stack.autofocus,
        autofocus_range_um=order.stack.autofocus_range_um,
    )


def field_requests(fields: Sequence[FieldChoice]) -> tuple[FieldRequest, ...]:
    """Fields, numbered in their order."""
    from deepz_live.acquire.request import FieldRequest

    return tuple(
        FieldRequest(x_um=f.x_um, y_um=f.y_um, role=f.role, name=f"field_{number:03d}")
        for number, f in enumerate(fields)
    )


def order_of(request: CalibrationRequest, microscope: Microscope) -> CaptureOrder:
    """A calibration's request in the wizard's words."""
    return CaptureOrder(
        channels=tuple(
            ChannelChoice(setting.name, microscope.exposure_of(setting))
            for setting in request.channels
        ),
        fields=field_choices(request.fields, keep_roles=True),
        stack=StackChoice(
            request.range_um, request.step_um, request.autofocus, request.autofocus_range_um
        ),
    )


def field_choices(
    fields: Sequence[FieldRequest], *, keep_roles: bool = False
) -> tuple[FieldChoice, ...]:
    """Fields in the wizard's words; all for training, or as they were."""
    return tuple(
        FieldChoice(round(f.x_um, 2), round(f.y_um, 2), f.role if keep_roles else "train")
        for f in fields
    )


def words_of(optics: Optics) -> str:
    """An objective on one line."""
    index = round(optics.immersion_index, 2)
    medium = _MEDIA.get(index, f"index {index:g}")
    return f"{optics.magnification:g}×/{optics.na:g} in {medium}, {optics.emission_nm:g} nm"
