"""A program that runs a batch on worker processes, as the tests say in one line of JSON.

Tells ``done N`` for every chunk that is there, and at last what the run made.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from deepz_live.app.batch.plan import Choices
from deepz_live.app.batch.run import Workforce, run_batch
from deepz_live.model.bundle import load_bundle


@dataclass(frozen=True)
class DieOnce:
    """The process that comes to the second frame of ``chunk`` first kills itself there."""

    chunk: int
    mark: str

    def __call__(self, chunk: int, frame: int) -> None:
        if chunk != self.chunk or frame % 2 == 0:
            return
        try:
            Path(self.mark).touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Stall:
    """From ``chunk`` on nothing gets done."""

    chunk: int

    def __call__(self, chunk: int, frame: int) -> None:
        if chunk >= self.chunk:
            threading.Event().wait()


FAULTS = {"die once": DieOnce, "stall": Stall}


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    asked = json.loads(sys.argv[1])
    fault = asked["fault"]
    facts = run_batch(
        [asked["session"]],
        load_bundle(Path(asked["bundle"])),
        out=asked["out"],
        choices=Choices(provider="CPU", chunk_frames=2),
        workforce=Workforce(workers=2),
        progress=lambda done, _: tell(f"done {done}"),
        before=FAULTS[fault[0]](*fault[1:]),
    )
    tell(json.dumps(facts))


if __name__ == "__main__":
    main()
