"""How one chunk is made: frames read, refocused by an engine that is kept, written as one file."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.batch.errors import BatchError
from deepz_live.app.batch.plan import Job
from deepz_live.app.refocus_file import refocused
from deepz_live.model.bundle import Bundle, load_bundle
from deepz_live.refocus.engine import Engine, RefocusError, open_engine, stack_of
from deepz_live.session.errors import SessionError
from deepz_live.session.places import place_at
from deepz_live.session.remote import Recorded, read_recorded
from deepz_live.session.virtual import VirtualFacts, VirtualStore

Before = Callable[[int, int], None]
"""Told (chunk, frame) before each frame; tests let a process die there."""


@dataclass(frozen=True, slots=True)
class Made:
    """A chunk that is there.

    Attributes
    ----------
    job, chunk, frames
        Which, and how many frames it holds.
    bytes_read, bytes_written
        Pixels of the frames; the file.
    read_s, refocus_s, write_s
        What it took; ``write_s`` with packing.
    cpu_s
        Processor time of the whole process meanwhile, all threads; opening the engine not counted.
    process
        Computer and process that made it.
    """

    job: int
    chunk: int
    frames: int
    bytes_read: int
    bytes_written: int
    read_s: float
    refocus_s: float
    write_s: float
    cpu_s: float
    process: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A chunk that could not be made though others may: the sentence says why."""

    job: int
    chunk: int
    reason: str


class Maker:
    """What a process keeps from chunk to chunk: an engine a model, and the recording it reads.

    May be used by several threads of a process: while one reads or writes, another refocuses.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engines: dict[tuple[str, str, int], Engine] = {}
        self._recorded: dict[str, Recorded] = {}

    def make(
        self, number: int, job: Job, chunk: int, before: Before | None = None
    ) -> Made | Failed:
        """Make a chunk of job ``number``, and say what it took.

        Raises
        ------
        BatchError, BundleError
            No chunk can be made here: another bundle, no such provider, a store that takes none.
        """
        facts, span = job.facts, job.facts.span(chunk)
        block = np.empty((len(span), len(facts.planes_um), *facts.shape), facts.dtype)
        read_s, refocus_s, bytes_read = 0.0, 0.0, 0
        engines = {digest: self._engine_of(job, digest) for digest in job.models}
        cpu = process_time()
        try:
            recorded = self._open(job.session)
            for planes, t in zip(block, span, strict=True):
                if before is not None:
                    before(chunk, t)
                began = perf_counter()
                frame = recorded.frame(t)
                pixels = frame.pixels
                engine = engines[facts.bundle_of(frame.channel)["sha256"]]
                read = perf_counter()
                with self._lock:
                    made = planes_of(engine, pixels, facts.planes_um)
                planes[...] = as_stored(made, facts)
                read_s += read - began
                refocus_s += perf_counter() - read
                bytes_read += pixels.nbytes
        except (SessionError, RefocusError) as error:
            return Failed(number, chunk, str(error))
        began = perf_counter()
        written = _written(job, chunk, block)
        return Made(
            job=number,
            chunk=chunk,
            frames=len(span),
            bytes_read=bytes_read,
            bytes_written=written,
            read_s=read_s,
            refocus_s=refocus_s,
            write_s=perf_counter() - began,
            cpu_s=process_time() - cpu,
            process=f"{platform.node()}:{os.getpid()}",
        )

    def close(self) -> None:
        """Free the engines; harmless when called twice."""
        with self._lock:
            while self._engines:
                self._engines.popitem()[1].close()

    def _engine_of(self, job: Job, digest: str) -> Engine:
        """The engine of a model; kept to the end, as another thread may be at another job."""
        runs = (digest, job.facts.provider, job.facts.threads)
        with self._lock:
            if runs not in self._engines:
                self._engines[runs] = _engine(job, digest)
            return self._engines[runs]

    def _open(self, session: str) -> Recorded:
        found = self._recorded.get(session)
        if found is None:
            found = read_recorded(session)
            self._recorded = {session: found}  # chunks come job by job: one is enough
        return found


def _engine(job: Job, digest: str) -> Engine:
    facts, bundle = job.facts, bundle_of(job, digest)
    try:
        # Asked for by name: it never gives way to another, whose bits would differ.
        return open_engine(bundle, provider=facts.provider, threads=facts.threads)
    except RefocusError as error:
        raise BatchError(
            f"Store {job.store} is made with {facts.provider}, which does not run on "
            f"{platform.node()} ({error}) Let workers of one kind do it, or begin anew "
            "with another --provider and --out."
        ) from error


def fastest_provider(job: Job) -> str:
    """The provider that a worker finds the fastest for the job's main bundle.

    Raises
    ------
    RefocusError, BatchError, BundleError
        None runs it, or there is another bundle.
    """
    main = bundle_of(job, job.facts.bundle["sha256"])
    with closing(open_engine(main, threads=job.facts.threads)) as engine:
        return engine.provider


def bundle_of(job: Job, wanted: str) -> Bundle:
    """The job's bundle of a SHA-256, read here; raises BatchError where it is another one."""
    bundle = load_bundle(Path(job.models[wanted]))
    if bundle.sha256 != wanted:
        raise BatchError(
            f"Bundle {job.models[wanted]} on {platform.node()} is {bundle.sha256[:12]}, but the "
            f"job is of {wanted[:12]}; give all workers the same bundle."
        )
    return bundle


def planes_of(
    engine: Engine, pixels: NDArray[np.generic], planes_um: tuple[float, ...]
) -> NDArray[np.float32]:
    """``(Z, Y, X)`` float32 counts; only planes that are asked for leave a card."""
    if engine.bundle.facts.network == "generator":
        return refocused(engine, pixels, planes_um)
    return stack_of(engine, pixels).planes(planes_um)


def as_stored(planes: NDArray[np.float32], facts: VirtualFacts) -> NDArray[np.generic]:
    """Counts in the store's number format; uint16 to the nearest whole number within its range."""
    if facts.dtype == "float32":
        return planes
    return np.clip(np.rint(planes), 0, 65535).astype(np.uint16)


def _written(job: Job, chunk: int, block: NDArray[np.generic]) -> int:
    try:
        return VirtualStore(place_at(job.store), job.facts).write(chunk, block)
    except OSError as error:
        raise BatchError(
            f"Chunk {chunk} could not be written to {job.store} ({error.strerror or error}); make "
            "room there and run the same command again: it goes on with what is missing."
        ) from error
