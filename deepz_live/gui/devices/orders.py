"""What the hand asks of the devices is done beside the GUI; what fails becomes a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from deepz_live.app.desk import DeskError

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.app.live import LiveSession


class Scope(Protocol):
    """What is needed of the desk (:class:`deepz_live.app.desk.Desk`)."""

    @property
    def live(self) -> LiveSession | None:
        """What runs now."""

    def borrow(self, work: Callable[[Microscope], None], what: str) -> None:
        """Let ``work`` have the microscope with the stream stopped."""


class Caller(Protocol):
    """Runs blocking calls beside the GUI (:class:`deepz_live.gui.bridge.Bridge`)."""

    def call(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run, then tell."""


class DeviceOrders:
    """Sends calls to the devices, in order.

    Parameters
    ----------
    follow
        Called on the GUI thread after the stream was stopped and started again.
    failed
        Called with what a device, or a limit, refused.
    """

    def __init__(
        self,
        desk: Scope,
        bridge: Caller,
        follow: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._desk, self._bridge = desk, bridge
        self._follow, self._failed = follow, failed
        self._pending: Counter[str] = Counter()

    def pending(self, label: str) -> bool:
        """Whether something that was asked of a device is still to be done."""
        return self._pending[label] > 0

    def direct(self, label: str, work: Callable[[], Any], after: Callable[[], None]) -> None:
        """While the camera streams: a stage or a light needs no pause. ``after``: whatever came."""
        self._send(label, work, after)

    def paused(
        self, label: str, what: str, work: Callable[[], Any], after: Callable[[], None]
    ) -> None:
        """With the stream stopped: the camera's frames are others afterwards."""

        def borrowed() -> None:
            self._desk.borrow(lambda _: work(), what)

        def afterwards() -> None:
            after()
            self._follow()

        self._send(label, borrowed, afterwards)

    @property
    def focus_locked(self) -> bool:
        """Whether the focus lock moves the stage now."""
        live = self._desk.live
        lock = live.focus_lock if live is not None else None
        return lock is not None and lock.locked

    def refuse(self, sentence: str) -> None:
        """Say why not."""
        self._failed(DeskError(sentence))

    def _send(self, label: str, work: Callable[[], Any], after: Callable[[], None]) -> None:
        self._pending[label] += 1

        def done(_: object) -> None:
            self._pending[label] -= 1
            after()

        def failed(error: Exception) -> None:
            self._pending[label] -= 1
            after()
            self._failed(error)

        self._bridge.call(work, done, failed)
