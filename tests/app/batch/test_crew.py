"""Whoever is killed and when: the result is that of one process, and only what is missing is made.

Dask runs in a program of its own, so that its threads end with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deepz_live.app.batch.errors import BatchError
from deepz_live.app.batch.plan import Choices
from deepz_live.app.batch.run import Workforce, run_batch

CHILD = Path(__file__).with_name("batch_child.py")
CHUNKS, THERE = 6, 3
GONE_S = 60.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="kills with signal 9"),
]


@pytest.fixture(scope="module")
def alone(session, bundle, tmp_path_factory) -> dict[str, bytes]:
    """Files of the store that one process without Dask makes."""
    out = tmp_path_factory.mktemp("alone")
    in_this_process(session, bundle, out)
    return files_of(out)


def in_this_process(session, bundle, out) -> dict:
    return run_batch(
        [str(session)],
        bundle,
        out=str(out),
        choices=Choices(provider="CPU", chunk_frames=2),
        workforce=Workforce(workers=0),
    )


def files_of(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


@contextmanager
def child(session, bundle, tmp_path, *fault):
    """The running program; whatever happens, it and its workers are gone afterwards."""
    asked = {
        "session": str(session),
        "bundle": str(bundle.path),
        "out": str(tmp_path / "out"),
        "fault": fault,
    }
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(CHILD), json.dumps(asked)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(scratch)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_worker_killed_in_the_middle_of_a_chunk_costs_that_chunk_only(
    session, bundle, tmp_path, alone
):
    mark = tmp_path / "killed"
    with child(session, bundle, tmp_path, "die once", 2, str(mark)) as process:
        told, complaints = process.communicate()
    assert process.returncode == 0, complaints
    assert complaints == ""  # neither Dask nor a dashboard that is missing says a word
    assert mark.exists()
    facts = json.loads(told.splitlines()[-1])
    assert (facts["chunks_made"], facts["frames_made"]) == (CHUNKS, 11)
    assert files_of(tmp_path / "out") == alone
    assert list((tmp_path / "scratch").glob("d*")) == []  # of ours or of Dask's


def test_a_job_that_was_killed_goes_on_with_what_is_missing(session, bundle, tmp_path, alone):
    out = tmp_path / "out"
    with child(session, bundle, tmp_path, "stall", THERE) as process:
        for line in process.stdout:
            if line == f"done {THERE}\n":
                break
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(workers, timeout=GONE_S)
    assert len(workers) >= 2
    assert alive == []  # the workers went with it
    array = out / "first.ome.zarr" / "0"
    before = {path.name: path.stat().st_mtime_ns for path in array.glob("c.*")}
    assert sorted(before) == [f"c.{chunk}.0.0.0" for chunk in range(THERE)]
    facts = in_this_process(session, bundle, out)
    assert (facts["chunks_there"], facts["chunks_made"]) == (THERE, CHUNKS - THERE)
    assert files_of(out) == alone
    assert {name: (array / name).stat().st_mtime_ns for name in before} == before


def test_a_scheduler_that_does_not_answer_is_named(session, bundle, tmp_path, monkeypatch):
    from deepz_live.app.batch import crew

    monkeypatch.setattr(crew, "CONNECT_S", 0.2)
    with pytest.raises(BatchError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9 .*leave"):
        run_batch(
            [str(session)],
            bundle,
            out=str(tmp_path / "out"),
            choices=Choices(provider="CPU"),
            workforce=Workforce("tcp://127.0.0.1:9"),
        )
