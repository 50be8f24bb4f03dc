"""A core for device widgets beside a live view.

The widgets call the core from the GUI thread and expect an answer at once; a stage or a camera
may take seconds. Here what changes a device is ordered and done beside the GUI, the camera's
settings with its stream stopped, and a refusal (a limit, say) is told in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deepz_live.gui.devices.core_view import ROLES, CoreView
from deepz_live.gui.devices.orders import DeviceOrders

MOVES = {
    "setPosition": 1, "setRelativePosition": 1, "setXYPosition": 2, "setRelativeXYPosition": 2,
}  # fmt: skip
"""Calls that move a stage, with how many numbers come after its name."""
CAMERA = {"setROI": "the image's frame is changed", "clearROI": "the image's frame is changed"}
DIRECT = ("setShutterOpen", "setAutoShutter", "setState", "setStateLabel", "setChannelGroup")
"""What the camera's stream does not notice."""
FORBIDDEN = (
    "set", "clear", "load", "unload", "reset", "initialize", "start", "snap", "home", "full",
    "incremental", "define", "delete", "rename", "run", "live",
)  # fmt: skip
"""Beginnings of calls that change something and that no widget here needs."""


class PatientCore(CoreView):
    """Passes questions on to ``core``; sends what changes it through ``orders``."""

    def __init__(
        self, core: Any, orders: DeviceOrders, gone: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(core, gone)
        self._orders = orders

    def getDeviceObject(self, label: str, *rest: Any) -> Any:  # noqa: N802 - the core's names
        """A device that moves through here as well."""
        return type(self._core.getDeviceObject(label, *rest))(label, self)

    def deviceBusy(self, label: str) -> bool:  # noqa: N802
        """Also while something that was asked of it waits to be done."""
        return self._orders.pending(label) or bool(self._core.deviceBusy(label))

    def setExposure(self, *args: Any) -> None:  # noqa: N802
        """Of the camera that streams, or of the one that is named."""
        label = str(args[0]) if len(args) > 1 else self._core.getCameraDevice()
        self._orders.paused(
            label,
            "the exposure is changed",
            lambda: self._core.setExposure(label, args[-1]),
            lambda: self._tell_exposure(label),
        )

    def setProperty(self, label: str, name: str, value: Any) -> None:  # noqa: N802
        """The camera's with its stream stopped; which device has which role is the profile's."""
        if label == "Core":
            if str(value) == self._role(name):
                return  # a widget says what is so
            self._orders.refuse(
                f"{name} {value} was not chosen: the limits and the live view belong to the "
                "devices that the profile names; name another one there and open it again."
            )
            self._tell_property(label, name)
            return
        send = self._paused if label == self._core.getCameraDevice() else self._orders.direct
        send(
            label,
            lambda: self._core.setProperty(label, name, value),
            lambda: self._tell_property(label, name),
        )

    def setConfig(self, group: str, preset: str) -> None:  # noqa: N802
        """The channels' with the stream stopped: each frame says in which it was taken."""
        camera = self._core.getCameraDevice()
        touched = {str(setting[0]) for setting in self._core.getConfigData(group, preset)}
        pauses = group == self._core.getChannelGroup() or camera in touched
        send = self._paused if pauses else self._orders.direct
        send(
            group,
            lambda: self._core.setConfig(group, preset),
            lambda: self._tell_config(group),
        )

    def __getattr__(self, name: str) -> Any:
        if name in MOVES:
            return lambda *args: self._move(name, *args)
        if name in CAMERA:
            return lambda *args: self._paused(
                str(args[0]) if args else self._core.getCameraDevice(),
                lambda: getattr(self._core, name)(*args),
                _nothing,
                CAMERA[name],
            )
        if name in DIRECT:
            return lambda *args: self._orders.direct(
                str(args[0]) if args else "", lambda: getattr(self._core, name)(*args), _nothing
            )
        if name.startswith(FORBIDDEN):
            return lambda *_: self._orders.refuse(
                f"{name} is not done beside a live view; use Micro-Manager, or the calibration "
                "wizard's device window."
            )
        return super().__getattr__(name)

    def _move(self, name: str, *args: Any) -> None:
        labelled = len(args) > MOVES[name]
        across = MOVES[name] == 2
        own = self._core.getXYStageDevice() if across else self._core.getFocusDevice()
        label = str(args[0]) if labelled else own
        if not across and label == self._core.getFocusDevice() and self._orders.focus_locked:
            self._orders.refuse(
                "The focus lock holds the stage, so it was not moved by hand; let it go first "
                "(Ctrl+L)."
            )
            return
        self._orders.direct(label, lambda: getattr(self._core, name)(*args), _nothing)

    def _paused(
        self,
        label: str,
        work: Callable[[], Any],
        after: Callable[[], None],
        what: str = "the camera is changed",
    ) -> None:
        self._orders.paused(label, what, work, after)

    def _role(self, name: str) -> str:
        """Which device has a role; the property does not know those written in Python."""
        ask = getattr(self._core, f"get{name}Device", None) if name in ROLES else None
        return str(ask() if ask is not None else self._core.getProperty("Core", name))

    def _tell_property(self, label: str, name: str) -> None:
        """The widgets show what the device has, whatever was asked of it."""
        if self._gone():
            return
        self.events.propertyChanged.emit(label, name, self._core.getProperty(label, name))

    def _tell_exposure(self, label: str) -> None:
        if not self._gone():
            self.events.exposureChanged.emit(label, self._core.getExposure(label))

    def _tell_config(self, group: str) -> None:
        if self._gone():
            return
        preset = self._core.getCurrentConfig(group)
        if preset:
            self.events.configSet.emit(group, preset)


def _nothing() -> None:
    pass
