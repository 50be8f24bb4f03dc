"""Every frame of recordings refocused into stores, restartable at the first missing chunk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from deepz_live.app.batch.alone import Alone, Crew, Task
from deepz_live.app.batch.errors import BatchError
from deepz_live.app.batch.maker import Before, Failed, Made
from deepz_live.app.batch.plan import NOT_CHOSEN, Choices, Job, Models, Note, opened, plan
from deepz_live.model.bundle import Bundle
from deepz_live.session.virtual import open_store

Progress = Callable[[int, int], None]
"""Told (chunks that are there, chunks in all)."""


@dataclass(frozen=True, slots=True)
class Workforce:
    """Who does the work.

    Attributes
    ----------
    scheduler
        Address of a running Dask scheduler; None: processes of this run's own.
    workers
        Of those so many; None: one a graphics card, without those one a core. 0: no Dask, all in
        this process.
    """

    scheduler: str | None = None
    workers: int | None = None


def run_batch(
    sessions: Sequence[str],
    bundle: Bundle,
    *,
    out: str,
    channel_bundles: Mapping[str, Bundle] | None = None,
    choices: Choices | None = None,
    workforce: Workforce | None = None,
    note: Note = lambda _: None,
    progress: Progress = lambda _done, _all: None,
    before: Before | None = None,
) -> dict[str, Any]:
    """Refocus every frame of ``sessions`` into stores ``<session>.ome.zarr`` in ``out``.

    Parameters
    ----------
    sessions, out
        Folders, or URLs that fsspec knows.
    channel_bundles
        For the frames of single channels, instead of ``bundle``.
    note, progress
        Get sentences, and how far the work is.
    before
        Told (chunk, frame) before each frame, in the process that makes it; for tests.

    Returns
    -------
    dict
        Stores, chunks that were there and that were made, and what those took.

    Raises
    ------
    BatchError, SessionError, RefocusError, BundleError
        The run is not possible; or some chunks could not be made, while all others are there.
    """
    choices, workforce = choices or Choices(), workforce or Workforce()
    _check(choices, workforce)
    jobs = plan(sessions, Models(bundle, channel_bundles or {}), out, choices, note)
    if all(map(_complete, jobs)):
        workforce = Workforce(workers=0)  # nobody need be called
    with _crew(workforce) as crew:
        note(f"Dashboard: {crew.dashboard}")
        jobs, tasks = _begun(jobs, crew, note)
        chunks = sum(job.facts.chunks for job in jobs)
        there = chunks - len(tasks)
        if there:
            note(f"{there} of {chunks} chunks are there already")
        made: list[Made] = []
        failed: list[Failed] = []
        progress(there, chunks)
        began = perf_counter()
        for result in crew.make(tasks, before):
            if isinstance(result, Made):
                made.append(result)
                progress(there + len(made), chunks)
            else:
                failed.append(result)
                note(f"Warning: {jobs[result.job].store}, chunk {result.chunk}: {result.reason}")
        seconds = perf_counter() - began
    if failed:
        raise BatchError(
            f"{len(failed)} of {chunks} chunks could not be made (the first: {failed[0].reason}) "
            "All others are there; run the same command again once that is mended."
        )
    return _summary(jobs, there, made, seconds)


def _check(choices: Choices, workforce: Workforce) -> None:
    numbers = {
        "workers": (workforce.workers, 0),
        "threads": (choices.threads, 1),
        "chunk-frames": (choices.chunk_frames, 1),
    }
    for name, (value, least) in numbers.items():
        if value is not None and value < least:
            raise BatchError(f"--{name} {value} is less than {least}; give a whole number from it.")
    if workforce.scheduler is not None and workforce.workers is not None:
        raise BatchError(
            "--workers is for processes of this run's own, but --scheduler names a cluster that "
            "has its workers; give one of the two."
        )


def _crew(workforce: Workforce) -> AbstractContextManager[Crew]:
    if workforce.workers == 0:
        return Alone()
    try:
        from deepz_live.app.batch.crew import DaskCrew
        from deepz_live.app.batch.local import local_crew
    except ModuleNotFoundError as error:
        raise BatchError(
            f"Several processes need Dask, which is not installed ({error}); install "
            "`deepz-live[batch]`, or give --workers 0 to do all in this one."
        ) from error
    if workforce.scheduler is not None:
        return DaskCrew(workforce.scheduler)
    return local_crew(workforce.workers)


def _complete(job: Job) -> bool:
    store = open_store(job.store)
    return store is not None and not store.missing()


def _begun(jobs: Sequence[Job], crew: Crew, note: Note) -> tuple[list[Job], list[Task]]:
    """The jobs with their provider, their stores begun, and what is missing in those."""
    provider = NOT_CHOSEN
    if any(job.facts.provider == NOT_CHOSEN for job in jobs):
        provider = crew.fastest(jobs[0])
        note(f"The fastest provider is {provider}")
    ready, tasks = [], []
    for number, job in enumerate(jobs):
        own, store = opened(job, provider)
        ready.append(own)
        tasks += [(number, own, chunk) for chunk in store.missing()]
    return ready, tasks


_PER_FRAME = ("bytes_read", "bytes_written", "read_s", "refocus_s", "write_s", "cpu_s")


def _summary(
    jobs: Sequence[Job], there: int, made: Sequence[Made], seconds: float
) -> dict[str, Any]:
    frames = sum(one.frames for one in made)
    summary: dict[str, Any] = {
        "inferred": True,
        "stores": [job.store for job in jobs],
        "bundle": jobs[0].facts.bundle,
        "channel_bundles": jobs[0].facts.channel_bundles,
        "provider": jobs[0].facts.provider,
        "threads": jobs[0].facts.threads,
        "frames": sum(job.facts.frames for job in jobs),
        "chunks": sum(job.facts.chunks for job in jobs),
        "chunks_there": there,
        "chunks_made": len(made),
        "frames_made": frames,
        "processes": len({one.process for one in made}),
        "seconds": seconds,
    }
    if frames:
        summary["per_frame"] = {
            name: sum(getattr(one, name) for one in made) / frames for name in _PER_FRAME
        }
    return summary
