"""Chunks made one after the other in this process, without Dask: what all others must equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, Self

from deepz_live.app.batch.maker import Before, Failed, Made, Maker, fastest_provider
from deepz_live.app.batch.plan import Job

Task = tuple[int, Job, int]
"""Number of a job, the job, a chunk of it."""


class Crew(Protocol):
    """Whoever makes chunks; used in a ``with`` statement."""

    @property
    def dashboard(self) -> str:
        """Where the work can be watched in a browser, or why it cannot."""

    def fastest(self, job: Job) -> str:
        """The provider that is the fastest where the work is done."""

    def make(self, tasks: Iterable[Task], before: Before | None) -> Iterator[Made | Failed]:
        """Make all, in any order, and tell of each when it is there. Raises as ``Maker.make``."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


class Alone:
    """This process."""

    dashboard = "none: all is done in this process"

    def __init__(self) -> None:
        self._maker = Maker()

    def fastest(self, job: Job) -> str:
        """See :class:`Crew`."""
        return fastest_provider(job)

    def make(self, tasks: Iterable[Task], before: Before | None) -> Iterator[Made | Failed]:
        """See :class:`Crew`."""
        for number, job, chunk in tasks:
            yield self._maker.make(number, job, chunk, before)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._maker.close()
