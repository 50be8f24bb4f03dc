"""The limits of the stage at the device call, whoever makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pymmcore_plus import CMMCorePlus

from deepz_live.acquire.errors import LimitError
from deepz_live.acquire.limits import require_way, require_xy, require_z
from deepz_live.config import Stage

_POSITION = "Position"


class GuardedCore(CMMCorePlus):
    """A core whose focus and xy stage stay within limits, once :meth:`guard` has named them.

    Every call that moves one of them is checked: absolute, relative, by property, by preset, by
    hardware sequence, by linear sequence. What would move them without saying where to (homing)
    or count positions from another zero is refused, and an autofocus device that left the limits
    is brought back. The xy stage is let nowhere where a keep-out area may lie on its way. Other
    stages of the microscope are not looked at.
    """

    _limits: Stage | None = None
    _sequence_begins_um: tuple[float, float] | None = None

    def guard(self, stage: Stage) -> None:
        """Keep to these limits from now on."""
        self._limits = stage

    def setPosition(self, *args: Any) -> None:  # noqa: N802
        label, (z_um,) = _split(args, 1)
        self._require_z(label, z_um)
        super().setPosition(*args)

    def setRelativePosition(self, *args: Any) -> None:  # noqa: N802
        label, (d_um,) = _split(args, 1)
        if self._limits is not None and self._is_focus(label):
            focus = self.getFocusDevice()
            # A stage under way says where it is, not where it will be.
            self.waitForDevice(focus)
            self._require_z(label, self.getPosition(focus) + d_um)
        super().setRelativePosition(*args)

    def setXYPosition(self, *args: Any) -> None:  # noqa: N802
        label, (x_um, y_um) = _split(args, 2)
        self._require_xy(label, x_um, y_um)
        self._require_way(label, x_um, y_um)
        super().setXYPosition(*args)

    def setRelativeXYPosition(self, *args: Any) -> None:  # noqa: N802
        label, (dx_um, dy_um) = _split(args, 2)
        if self._limits is not None and self._is_xy(label):
            stage = self.getXYStageDevice()
            self.waitForDevice(stage)
            x_um, y_um = self.getXYPosition(stage)
            self._require_xy(label, x_um + dx_um, y_um + dy_um)
            require_way((x_um, y_um), (x_um + dx_um, y_um + dy_um), self._limits)
        super().setRelativeXYPosition(*args)

    def loadStageSequence(  # noqa: N802
        self, stageLabel: str, positionSequence: Sequence[float]
    ) -> None:
        for z_um in positionSequence:
            self._require_z(stageLabel, z_um)
        super().loadStageSequence(stageLabel, positionSequence)

    def setStageLinearSequence(  # noqa: N802
        self, stageLabel: str, dZ_um: float, nSlices: int
    ) -> None:
        if self._limits is not None and self._is_focus(stageLabel):
            self.waitForDevice(stageLabel)
            self._require_z(stageLabel, self.getPosition(stageLabel) + dZ_um * nSlices)
        super().setStageLinearSequence(stageLabel, dZ_um, nSlices)

    def loadXYStageSequence(  # noqa: N802
        self, xyStageLabel: str, xSequence: Sequence[float], ySequence: Sequence[float], /
    ) -> None:
        places = [(float(x), float(y)) for x, y in zip(xSequence, ySequence, strict=False)]
        for x_um, y_um in places:
            self._require_xy(xyStageLabel, x_um, y_um)
        if self._limits is not None and self._is_xy(xyStageLabel) and places:
            # A sequence begins anew after its last place.
            for here, there in zip(places, places[1:] + places[:1], strict=True):
                require_way(here, there, self._limits)
        super().loadXYStageSequence(xyStageLabel, xSequence, ySequence)
        if places and self._is_xy(xyStageLabel):
            self._sequence_begins_um = places[0]

    def startXYStageSequence(self, xyStageLabel: str) -> None:  # noqa: N802
        if self._sequence_begins_um is not None:
            self._require_way(xyStageLabel, *self._sequence_begins_um)
        super().startXYStageSequence(xyStageLabel)

    def setProperty(self, label: str, propName: str, propValue: Any) -> None:  # noqa: N802
        self._require_property(label, propName, [propValue])
        super().setProperty(label, propName, propValue)

    def loadPropertySequence(  # noqa: N802
        self, label: str, propName: str, eventSequence: Sequence[Any]
    ) -> None:
        self._require_property(label, propName, eventSequence)
        super().loadPropertySequence(label, propName, eventSequence)

    def setConfig(self, groupName: str, configName: str) -> None:  # noqa: N802
        if self._limits is not None and self.isConfigDefined(groupName, configName):
            self._require_settings(self.getConfigData(groupName, configName))
        super().setConfig(groupName, configName)

    def setSystemState(self, conf: Any) -> None:  # noqa: N802
        self._require_settings(conf)
        super().setSystemState(conf)

    def home(self, xyOrZStageLabel: str) -> None:
        self._refuse_blind(xyOrZStageLabel, "Homing drives it to its end stops")
        super().home(xyOrZStageLabel)

    def setOrigin(self, *args: Any) -> None:  # noqa: N802
        self._refuse_new_zero(args, 0)
        super().setOrigin(*args)

    def setOriginX(self, *args: Any) -> None:  # noqa: N802
        self._refuse_new_zero(args, 0)
        super().setOriginX(*args)

    def setOriginY(self, *args: Any) -> None:  # noqa: N802
        self._refuse_new_zero(args, 0)
        super().setOriginY(*args)

    def setOriginXY(self, *args: Any) -> None:  # noqa: N802
        self._refuse_new_zero(args, 0)
        super().setOriginXY(*args)

    def setAdapterOrigin(self, *args: Any) -> None:  # noqa: N802
        self._refuse_new_zero(args, 1)
        super().setAdapterOrigin(*args)

    def setAdapterOriginXY(self, *args: Any) -> None:  # noqa: N802
        self._refuse_new_zero(args, 2)
        super().setAdapterOriginXY(*args)

    def fullFocus(self) -> None:  # noqa: N802
        self._focused(super().fullFocus)

    def incrementalFocus(self) -> None:  # noqa: N802
        self._focused(super().incrementalFocus)

    def _focused(self, search: Callable[[], None]) -> None:
        focus = self.getFocusDevice()
        before_um = self.getPosition(focus) if focus else 0.0
        search()
        if self._limits is None or not focus:
            return
        self.waitForDevice(focus)
        try:
            require_z(self.getPosition(focus), self._limits)
        except LimitError:
            self.setPosition(focus, before_um)
            self.waitForDevice(focus)
            raise

    def _is_focus(self, label: str) -> bool:
        return not label or label == self.getFocusDevice()

    def _is_xy(self, label: str) -> bool:
        return not label or label == self.getXYStageDevice()

    def _require_z(self, label: str, z_um: float) -> None:
        if self._limits is not None and self._is_focus(label):
            require_z(float(z_um), self._limits)

    def _require_xy(self, label: str, x_um: float, y_um: float) -> None:
        if self._limits is not None and self._is_xy(label):
            require_xy(float(x_um), float(y_um), self._limits)

    def _require_way(self, label: str, x_um: float, y_um: float) -> None:
        limits = self._limits
        if limits is None or not limits.keep_out or not self._is_xy(label):
            return
        stage = self.getXYStageDevice()
        if not stage:
            return  # the core refuses the move
        # A stage under way says where it is, not where it will be.
        self.waitForDevice(stage)
        x, y = self.getXYPosition(stage)
        require_way((float(x), float(y)), (x_um, y_um), limits)

    def _require_property(self, label: str, name: str, values: Iterable[Any]) -> None:
        """A stage's Position property moves it like any other call."""
        if name != _POSITION or self._limits is None or label != self.getFocusDevice():
            return
        for value in values:
            try:
                z_um = float(value)
            except (TypeError, ValueError):
                continue  # no position: the device refuses it
            require_z(z_um, self._limits)

    def _require_settings(self, settings: Iterable[Any]) -> None:
        for setting in settings:
            label, name, value = tuple(setting)[:3]
            self._require_property(label, name, [value])

    def _refuse_blind(self, label: str, why: str) -> None:
        if self._limits is None:
            return
        if label in (self.getFocusDevice(), self.getXYStageDevice()):
            raise LimitError(
                f"{why}, whatever the limits of the profile are: stage {label} is left where it "
                "is; move it to a position, or home it before the profile is opened."
            )

    def _refuse_new_zero(self, args: tuple[Any, ...], values: int) -> None:
        labels = args[:1] if len(args) > values else ()
        chosen = labels or (self.getFocusDevice(),)
        if not labels and values != 1:
            chosen = (self.getFocusDevice(), self.getXYStageDevice())
        for label in chosen:
            self._refuse_blind(
                label, "The limits are counted from the stage's zero, so a new one would move them"
            )


def _split(args: tuple[Any, ...], values: int) -> tuple[str, tuple[float, ...]]:
    """(label or "", the numbers) of a call that takes the label first or not at all."""
    if len(args) not in (values, values + 1):
        raise TypeError(f"Expected {values} numbers, with or without a device label, got {args}.")
    label = args[0] if len(args) > values else ""
    return str(label or ""), tuple(float(value) for value in args[-values:])
