"""What the hand asks of the devices is done beside the GUI; what fails becomes a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from deepz_live.app.desk import Desk, DeskError

if TYPE_CHECKING:
    from deepz_live.app.live import LiveSession


class Caller(Protocol):
    """Runs blocking calls beside the GUI (:class:`deepz_live.gui.bridge.Bridge`)."""

    def call(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run, then tell."""


class Orderer(Protocol):
    """What is needed of the window (:class:`deepz_live.gui.parts.Shop`)."""

    desk: Desk

    @property
    def bridge(self) -> Caller:
        """Keeps the order of calls."""

    def fail(self, error: Exception) -> None:
        """Tell the operator."""

    def exchange(self, work: Callable[[], LiveSession], message: str) -> None:
        """Make another session beside the GUI, then show it."""


class DeviceOrders:
    """Sends calls to the devices, in order."""

    def __init__(self, shop: Orderer) -> None:
        self._shop = shop
        self._pending: Counter[str] = Counter()

    def pending(self, label: str) -> bool:
        """Whether something that was asked of a device is still to be done."""
        return self._pending[label] > 0

    @property
    def focus_locked(self) -> bool:
        """Whether the focus lock moves the stage now."""
        live = self._shop.desk.live
        lock = live.focus_lock if live is not None else None
        return lock is not None and lock.locked

    def direct(self, label: str, work: Callable[[], Any], after: Callable[[], None]) -> None:
        """While the camera streams: a stage or a light needs no pause. ``after``: whatever came."""
        self._pending[label] += 1

        def done(_: object) -> None:
            self._settle(label, after)

        def failed(error: Exception) -> None:
            self._settle(label, after)
            self._shop.fail(error)

        self._shop.bridge.call(work, done, failed)

    def paused(
        self, label: str, what: str, work: Callable[[], Any], after: Callable[[], None]
    ) -> None:
        """With the stream stopped: the camera's frames are others afterwards."""
        desk = self._shop.desk

        def borrowed() -> LiveSession:
            desk.borrow(lambda _: work(), what)
            if desk.live is None:
                raise DeskError("Nothing is streaming; open a profile first.")
            return desk.live

        self._pending[label] += 1
        self._shop.exchange(borrowed, f"Setting {label} …")
        # Calls keep their order, so this one ends when that one has.
        settle = self._settle
        self._shop.bridge.call(_nothing, lambda _: settle(label, after), self._shop.fail)

    def refuse(self, sentence: str) -> None:
        """Say why not."""
        self._shop.fail(DeskError(sentence))

    def _settle(self, label: str, after: Callable[[], None]) -> None:
        self._pending[label] -= 1
        after()


def _nothing() -> None:
    pass
