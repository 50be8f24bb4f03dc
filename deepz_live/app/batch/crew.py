"""Chunks made by the workers of a Dask scheduler.

Only job facts and chunk numbers travel; each worker reads frames and writes files by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import threading
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Self, cast

from distributed import Client, Future, KilledWorker, WorkerPlugin, as_completed, get_worker
from distributed.comm.core import connect

from deepz_live.app.batch.alone import Task
from deepz_live.app.batch.errors import BatchError
from deepz_live.app.batch.maker import Before, Failed, Made, Maker, fastest_provider
from deepz_live.app.batch.plan import Job

AHEAD = 4
"""Chunks a worker thread that the scheduler knows of: enough that none ever waits."""
CONNECT_S = 20.0


class Keeper(WorkerPlugin):
    """Keeps a worker's :class:`Maker`; Dask gives it to workers that come later, too.

    ``own`` workers get the Ctrl-C of the run as well: they leave it to the run to end them.
    """

    def __init__(self, name: str, own: bool) -> None:
        self.name = name
        self.own = own

    def setup(self, worker: Any) -> None:  # noqa: ARG002
        """On the worker, when it begins."""
        if self.own and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.maker = Maker()

    def teardown(self, worker: Any) -> None:  # noqa: ARG002
        """On the worker, when it ends."""
        self.maker.close()


class DaskCrew:
    """Workers of the scheduler at ``address``, of whatever cluster it belongs to.

    ``own`` are processes of this run alone; ``unwatched`` says why there is no dashboard, where
    that is known.
    """

    def __init__(self, address: str, *, own: bool = False, unwatched: str = "") -> None:
        try:
            # Asked first: a client that finds no scheduler leaves a thread behind.
            asyncio.run(_reach(address))
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise BatchError(
                f"No Dask scheduler answers at {address} ({error}); start one with "
                "`dask scheduler`, or leave --scheduler out."
            ) from error
        # Others may use the same workers for theirs.
        self._run = f"deepz-live-{uuid.uuid4().hex}"
        self._unwatched = unwatched
        self._client.register_plugin(Keeper(self._run, own))

    @property
    def dashboard(self) -> str:
        """See :class:`~deepz_live.app.batch.alone.Crew`."""
        return self._unwatched or str(self._client.dashboard_link)

    def fastest(self, job: Job) -> str:
        """See :class:`~deepz_live.app.batch.alone.Crew`."""
        provider: str = self._client.submit(fastest_provider, job, pure=False).result()
        return provider

    def make(self, tasks: Iterable[Task], before: Before | None) -> Iterator[Made | Failed]:
        """See :class:`~deepz_live.app.batch.alone.Crew`.

        A worker that dies gives its chunk to another; the one over which four died is given up.
        """
        waiting = iter(tasks)
        under_way = as_completed(
            [self._begun(task, before) for task in self._next(waiting, 0)],
            loop=self._client.loop,
        )
        count = under_way.count()
        for future in under_way:
            count -= 1
            yield _result(future)
            for task in self._next(waiting, count):
                under_way.add(self._begun(task, before))
                count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._client.unregister_worker_plugin(self._run)
        except (OSError, ValueError, TimeoutError):
            pass  # workers or scheduler are gone, and their engines with them
        finally:
            self._client.close()  # what it still waits for is cancelled with it

    def _next(self, waiting: Iterator[Task], under_way: int) -> list[Task]:
        """As many more as keep all workers busy, however many there are by now."""
        threads = sum(self._client.nthreads().values())
        return list(itertools.islice(waiting, max(1, AHEAD * max(threads, 1) - under_way)))

    def _begun(self, task: Task, before: Before | None) -> Future[Any]:
        number, job, chunk = task
        key = f"{self._run}-{number}-{chunk}"
        return self._client.submit(
            made_on_worker, self._run, number, job, chunk, before, pure=False, key=key
        )


def made_on_worker(
    run: str, number: int, job: Job, chunk: int, before: Before | None
) -> Made | Failed:
    """The task: what the worker keeps for this run makes a chunk."""
    keeper = cast(Keeper, get_worker().plugins[run])
    return keeper.maker.make(number, job, chunk, before)


async def _reach(address: str) -> None:
    """Raises OSError or ValueError where nothing listens at ``address``."""
    comm = await connect(address, timeout=CONNECT_S)
    await comm.close()


def _result(future: Future[Any]) -> Made | Failed:
    try:
        result: Made | Failed = future.result()
    except KilledWorker as error:
        number, chunk = str(future.key).rsplit("-", 2)[1:]
        reason = f"workers died over it ({error})"
        return Failed(int(number), int(chunk), reason)
    return result
