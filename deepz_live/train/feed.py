"""Batches made beside the training step, in order, each with the state of the pairs after it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, Self

AHEAD = 2


class Source(Protocol):
    """``Pairs`` or ``ImagePairs``."""

    def batch(self, size: int, rank: int = 0, world: int = 1) -> Any:
        """The next batch."""

    def state(self) -> dict[str, Any]:
        """Where the sequence of batches is."""


class Feed:
    """Makes the next batches in one thread while the present one is trained on.

    A context manager; leaving it ends the thread.
    """

    def __init__(self, source: Source, size: int, rank: int = 0, world: int = 1) -> None:
        self._source, self._order = source, (size, rank, world)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._coming: deque[Future[tuple[Any, dict[str, Any]]]] = deque()
        self.state = source.state()
        """The state of the pairs after the batch that was handed out last."""

    def next(self) -> Any:
        """The next batch; raises what making it raised."""
        while len(self._coming) < AHEAD:
            self._coming.append(self._pool.submit(self._make))
        batch, self.state = self._coming.popleft().result()
        self._coming.append(self._pool.submit(self._make))
        return batch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _make(self) -> tuple[Any, dict[str, Any]]:
        return self._source.batch(*self._order), self._source.state()
