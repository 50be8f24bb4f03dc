"""A Dask cluster on this computer: worker processes of their own, one a card or core."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import dask
from distributed import Nanny, Scheduler, SpecCluster

from deepz_live.app.batch.crew import DaskCrew

HERE = "127.0.0.1"
NOT_WATCHED = "none: install bokeh to watch the work in a browser"
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_VISIBLE = "CUDA_VISIBLE_DEVICES"


@contextmanager
def local_crew(workers: int | None) -> Iterator[DaskCrew]:
    """So many worker processes; None: one a graphics card, without those one a core.

    A worker that dies is started again. All of them end with this process, also when that is
    killed.
    """
    cards = _cards()
    count = workers or len(cards) or usable_cores()
    watched = find_spec("bokeh") is not None
    settings = {
        # The system's own way may fork, with all threads of this process.
        "distributed.worker.multiprocessing-method": "spawn",
        "distributed.comm.timeouts.connect": "60s",  # a busy computer starts processes slowly
        "distributed.worker.profile.enabled": False,  # it looks a hundred times a second
        # Without Dask's MALLOC_TRIM_THRESHOLD_: with it every large array is mapped anew.
        "distributed.nanny.pre-spawn-environ": dict.fromkeys(_ONE_THREAD, "1"),
    }
    with (
        tempfile.TemporaryDirectory(prefix="deepz-live-batch-", ignore_cleanup_errors=True) as own,
        dask.config.set(settings | {"temporary-directory": own}),
        SpecCluster(
            scheduler={"cls": Scheduler, "options": _scheduler(watched)},
            workers={number: _worker(number, cards) for number in range(count)},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        DaskCrew(
            cluster.scheduler_address, own=True, unwatched="" if watched else NOT_WATCHED
        ) as crew,
    ):
        yield crew


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _scheduler(watched: bool) -> dict[str, Any]:
    return {"host": HERE, "dashboard": watched, "dashboard_address": f"{HERE}:0"}


def _worker(number: int, cards: list[str]) -> dict[str, Any]:
    """A process and the nanny that starts it again; it keeps no data, so no memory is counted."""
    own = {_VISIBLE: cards[number % len(cards)]} if cards else {}
    options = {
        "nthreads": 1,
        "memory_limit": 0,
        "host": HERE,
        "dashboard": False,
        "silence_logs": logging.CRITICAL,
        "env": own,
    }
    return {"cls": Nanny, "options": options}


def _cards() -> list[str]:
    """How the NVIDIA cards that may be used here are called; asked of the driver, not of torch."""
    visible = os.environ.get(_VISIBLE)
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip()]
    asked = shutil.which("nvidia-smi")
    if asked is None:
        return []
    told = subprocess.run([asked, "-L"], capture_output=True, text=True, check=False)
    cards = [line for line in told.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number in range(len(cards))]
