"""Questions about the newest virtual stack, answered on the thread that owns it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.stack import Stack
from deepz_live.refocus.view import Shift
from deepz_live.stream.frame import Frame

if TYPE_CHECKING:
    from deepz_live.model.bundle import Bundle
    from deepz_live.refocus.engine import Engine

Waiting = tuple[str | None, Callable[["Snapshot"], Any], Future[Any]]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One refocused frame, while its stack is valid.

    Attributes
    ----------
    frame
        The raw frame.
    stack
        Its virtual stack ``(Z, Y, X)`` at ``z_planes_um``; valid only inside the question.
    engine
        What made it. Once it has refocused something else, ``stack`` is valid no more.
    shift
        Where the content of the drift reference lies in it.
    """

    frame: Frame
    stack: Stack
    z_planes_um: tuple[float, ...]
    pixel_size_um: float
    engine: Borrowed
    shift: Shift


class Borrowed:
    """An engine lent to a question; ``used`` tells whether its last stack was overwritten."""

    def __init__(self, engine: Engine) -> None:
        self.lender = engine
        self.used = False

    @property
    def bundle(self) -> Bundle:
        """See :class:`Engine`."""
        return self.lender.bundle

    @property
    def provider(self) -> str:
        """See :class:`Engine`."""
        return self.lender.provider

    def volume(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """See :class:`Engine`."""
        self.used = True
        return self.lender.volume(pixels)

    def surface(self, pixels: NDArray[Any], dpm: NDArray[np.floating]) -> NDArray[np.float32]:
        """See :class:`Engine`."""
        self.used = True
        return self.lender.surface(pixels, dpm)


class Questions:
    """Asked from any thread; answered by the refocus worker between two frames."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Waiting] = []
        self._closed = False

    def ask(self, work: Callable[[Snapshot], T], channel: str | None = None) -> Future[T]:
        """``work`` will be called with a snapshot (of ``channel``; None: any).

        The future ends with :class:`RefocusError` where refocusing ends before that.
        """
        future: Future[T] = Future()
        with self._lock:
            if not self._closed:
                self._waiting.append((channel, work, future))
                return future
        return failed_question(_ended())

    def wanted(self, channel: str) -> bool:
        """Whether a question waits for a frame of ``channel``."""
        with self._lock:
            return any(wanted in (None, channel) for wanted, _, _ in self._waiting)

    def answer(self, snapshot: Snapshot) -> None:
        """Do all work that wants this snapshot, until some of it has used up its stack."""
        while not snapshot.engine.used:
            item = self._next(snapshot.frame.channel)
            if item is None:
                return
            _, work, future = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work(snapshot))
            except Exception as error:  # told to whoever asked
                future.set_exception(error)

    def _next(self, channel: str) -> Waiting | None:
        with self._lock:
            for item in self._waiting:
                if item[0] in (None, channel):
                    self._waiting.remove(item)
                    return item
        return None

    def close(self) -> None:
        """Nobody answers any more."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, []
        for _, _, future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(_ended())


def failed_question(error: Exception) -> Future[Any]:
    """The answer where nobody can answer."""
    future: Future[Any] = Future()
    future.set_exception(error)
    return future


def _ended() -> RefocusError:
    return RefocusError("Refocusing ended before the question was answered; ask again.")
