"""A core as device widgets want it: its events are heard on the GUI thread.

Devices report on threads of their own, and the core's signals call their listeners there; a
widget may only be touched on the GUI thread.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from deepz_live.gui.bridge import Relay

ROLES = {
    "Camera": "setCameraDevice",
    "Focus": "setFocusDevice",
    "XYStage": "setXYStageDevice",
    "Shutter": "setShutterDevice",
}
Slot = Callable[..., Any]


class CoreView:
    """Passes everything on to ``core``, but hands out :class:`GuiEvents` as its events.

    ``gone`` says whether the devices have been let go.
    """

    def __init__(self, core: Any, gone: Callable[[], bool] = lambda: False) -> None:
        self._core, self._gone = core, gone
        self.events = GuiEvents(core.events, gone)
        self.mda = MdaView(core.mda, gone)

    def close(self) -> None:
        """No device speaks to widgets that are going."""
        self.events.close()
        self.mda.events.close()

    def setProperty(self, label: str, name: str, value: Any) -> None:  # noqa: N802 - the core's
        """A role is given by its own call: the property knows no device written in Python."""
        if label == "Core" and name in ROLES:
            getattr(self._core, ROLES[name])(value)
        else:
            self._core.setProperty(label, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)


class MdaView:
    """The runner of sequences, its events heard on the GUI thread as well."""

    def __init__(self, runner: Any, gone: Callable[[], bool]) -> None:
        self._runner = runner
        self.events = GuiEvents(runner.events, gone)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)


class GuiEvents:
    """The signals of ``events``; slots are called on the GUI thread until :meth:`close`, or until
    the devices are ``gone``, whose last words are no news."""

    def __init__(self, events: Any, gone: Callable[[], bool] = lambda: False) -> None:
        self._events, self._gone = events, gone
        self._relay = Relay()
        self._relay.arrived.connect(_call)
        self._links: list[tuple[Any, Slot, Slot]] = []
        self._closed = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._events, name)
        if hasattr(found, "connect"):
            return _GuiSignal(self, found)
        return lambda *args: _GuiSignal(self, found(*args))  # signals of one property

    def link(self, signal: Any, slot: Slot) -> None:
        """Call ``slot`` on the GUI thread whenever ``signal`` is emitted."""
        wanted = _arguments(slot)

        def heard(*args: Any) -> None:
            if args and args[0] == "":
                return  # "the camera", from a core that gives no name: told again with it
            self._relay.send(lambda: None if self._over() else slot(*args[:wanted]))

        signal.connect(heard)
        self._links.append((signal, slot, heard))

    def unlink(self, signal: Any, slot: Slot | None) -> None:
        """Call it no more; all slots of the signal where None is given."""
        for link in [one for one in self._links if slot is None or one[1] == slot]:
            if link[0] is signal or link[0] == signal:
                link[0].disconnect(link[2])
                self._links.remove(link)

    def _over(self) -> bool:
        return self._closed or self._gone()

    def close(self) -> None:
        """Forget all slots: their widgets are going."""
        self._closed = True
        links, self._links = self._links, []
        for signal, _, heard in links:
            signal.disconnect(heard)


class _GuiSignal:
    """One signal of the core, as seen from the GUI."""

    def __init__(self, events: GuiEvents, signal: Any) -> None:
        self._events, self._signal = events, signal

    def connect(self, slot: Slot, **_how: Any) -> None:
        self._events.link(self._signal, slot)

    def disconnect(self, slot: Slot | None = None) -> None:
        self._events.unlink(self._signal, slot)

    def emit(self, *args: Any) -> None:
        self._signal.emit(*args)


def _call(work: Callable[[], Any]) -> None:
    work()


def _arguments(slot: Slot) -> int:
    """How many arguments a slot can take; signals carry more than some want."""
    try:
        parameters = inspect.signature(slot).parameters.values()
    except (ValueError, TypeError):
        return 0  # built into Qt, such as QWidget.update
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return 99
    return sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in parameters)
