"""A runner that goes on when its provider fails in mid-stream: with the next one, saying so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import NDArray

from deepz_live.refocus.choice import Choice, Example, started_and_checked
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.runner import (
    Candidate,
    Image,
    OutOfMemory,
    Runner,
    first_line,
    memory_error,
)

if TYPE_CHECKING:
    from deepz_live.refocus.stack import Stack


_T = TypeVar("_T")


class FallbackRunner:
    """Runs on the chosen provider; after a failure on the next that starts and agrees.

    A failure of memory is passed on, as smaller tiles may pass: see :meth:`step_down`. Used by
    one thread; :attr:`provider`, :attr:`reason` and :attr:`notes` may be read by any.
    """

    def __init__(self, choice: Choice, example: Example) -> None:
        self._runner: Runner | None = choice.runner
        self._others = list(choice.others)
        self._example = example
        self._lock = threading.Lock()
        self._provider = choice.candidate.name
        self._reason = choice.reason
        self._notes: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """See :class:`Runner`; changes when a provider fails."""
        with self._lock:
            return self._provider

    @property
    def reason(self) -> str:
        """See :class:`Runner`."""
        with self._lock:
            return self._reason

    @property
    def notes(self) -> tuple[str, ...]:
        """See :class:`Runner`."""
        with self._lock:
            return self._notes

    def run(self, batch: Image) -> Image:
        """See :class:`Runner`."""
        return self._through(lambda runner: runner.run(batch))

    def uniform(self, image: Image, dpm: Image) -> Image:
        """See :class:`Runner`."""
        return self._through(lambda runner: runner.uniform(image, dpm))

    def stack(self, pixels: NDArray[Any]) -> Stack | None:
        """See :class:`Runner`."""
        return self._through(lambda runner: runner.stack(pixels))

    def step_down(self, error: Exception) -> bool:
        """See :class:`Runner`."""
        short: list[Candidate] = []
        try:
            while self._others:
                candidate = self._others.pop(0)
                try:
                    runner = started_and_checked(candidate, self._example)
                except Exception as reason:  # as at the start: reported, not hidden
                    self._tell_once(f"{candidate.name} failed to start ({first_line(reason)})")
                    if memory_error(reason):
                        short.append(candidate)
                    continue
                self._replace(candidate, runner, error)
                return True
            return False
        finally:
            # There may be memory again with a later frame, and then this one is still broken:
            # oneDNN keeps, for the rest of the process, that it could not make its code.
            self._others = short + self._others

    def close(self) -> None:
        """See :class:`Runner`."""
        runner, self._runner, self._others = self._runner, None, []
        if runner is not None:
            runner.close()

    def _through(self, call: Callable[[Runner], _T]) -> _T:
        while True:
            if self._runner is None:
                raise RefocusError("The refocusing engine is closed; open the model again.")
            try:
                return call(self._runner)
            except OutOfMemory:
                raise
            except Exception as error:  # whatever a driver raises: the next provider is tried
                if not self.step_down(error):
                    raise

    def _replace(self, candidate: Candidate, runner: Runner, error: Exception) -> None:
        failed, old = self.provider, self._runner
        self._runner = runner
        with self._lock:
            self._provider = candidate.name
            note = (
                f"{failed} failed while running ({first_line(error)}); refocusing goes on with "
                f"{candidate.name}."
            )
            self._notes = (*self._notes, note)
        self._tell_once(note)
        if old is not None:
            old.close()

    def _tell_once(self, text: str) -> None:
        with self._lock:
            if text not in self._reason:
                self._reason = f"{self._reason}; {text}"
