"""From threads to Qt: the only place where work leaves the GUI thread and comes back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, QRunnable, QThreadPool, pyqtSignal, pyqtSlot

T = TypeVar("T")


class Bridge(QObject):
    """Runs blocking calls one after the other beside the GUI and reports in the GUI thread.

    Devices want one caller at a time, so the pool has one thread: calls keep their order.
    """

    busy_changed = pyqtSignal(bool)
    _ended = pyqtSignal(int, bool, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(1)
        self._pool.setExpiryTimeout(200)
        self._waiting: dict[int, tuple[Callable[[Any], None], Callable[[Exception], None]]] = {}
        self._watched = self._waiting.copy()
        self._next = 0
        self._ended.connect(self._deliver)

    @property
    def busy(self) -> bool:
        """Whether a call is running or waiting."""
        return bool(self._waiting)

    def call(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run ``work`` beside the GUI; then, in the GUI thread, ``done(value)`` or ``failed``."""
        token = self._next
        self._next += 1
        self._waiting[token] = (done, failed)
        if len(self._waiting) == 1:
            self.busy_changed.emit(True)
        self._pool.start(_Call(token, work, self._ended.emit))

    def watch(
        self,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """When ``future`` ends, in the GUI thread, ``done(value)`` or ``failed``.

        A future that was cancelled ends in neither.
        """
        token = self._next
        self._next += 1
        self._watched[token] = (done, failed)
        ended = self._ended.emit

        def tell(over: Future[T]) -> None:
            error = CancelledError() if over.cancelled() else over.exception()
            ended(token, error is None, over.result() if error is None else error)

        future.add_done_callback(tell)

    def wait(self, timeout_s: float) -> bool:
        """Wait until nothing runs any more; False when the time was too short."""
        return self._pool.waitForDone(int(timeout_s * 1000))

    @pyqtSlot(int, bool, object)
    def _deliver(self, token: int, good: bool, value: object) -> None:
        if token in self._watched:
            done, failed = self._watched.pop(token)
        else:
            done, failed = self._waiting.pop(token)
            if not self._waiting:
                self.busy_changed.emit(False)
        if good:
            done(value)
        elif isinstance(value, CancelledError):
            return
        elif isinstance(value, Exception):
            failed(value)


class _Call(QRunnable):
    def __init__(
        self, token: int, work: Callable[[], Any], ended: Callable[[int, bool, object], None]
    ) -> None:
        super().__init__()
        self._token = token
        self._work = work
        self._ended = ended

    def run(self) -> None:
        """Whatever the work raises travels to the caller, who shows it."""
        try:
            value = self._work()
        except Exception as error:  # handed on, not swallowed
            self._ended(self._token, False, error)
        else:
            self._ended(self._token, True, value)


class Relay(QObject):
    """Carries a value that another thread reports (a psygnal listener, say) to the GUI thread."""

    arrived = pyqtSignal(object)

    def send(self, value: object) -> None:
        """May be called from any thread."""
        self.arrived.emit(value)
