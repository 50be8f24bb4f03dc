"""A program that records until it is killed; run by the tests, again and again without a restart.

Reads lines: a write number and a folder. For each it forks a recorder that writes frames as fast
as it can and prints how many are written. Where the number is not 0, the recorder kills itself in
the middle of that write to a file.
"""

from __future__ import annotations

import io
import itertools
import os
import signal
import sys
from pathlib import Path

import numpy as np

from deepz_live.session.writer import SessionWriter
from deepz_live.stream.frame import Frame, StreamInfo

SHAPE = (12, 17)
INFO = StreamInfo(SHAPE, "uint16", 0.325, 50.0, "red", 20.0, "kill me")


def pixels_of(index: int) -> np.ndarray:
    """The same as in conftest.py: every pixel depends on the index."""
    return np.random.default_rng(index).integers(0, 65536, SHAPE, dtype=np.uint16)


class Deadly(io.FileIO):
    """Files of a process that dies in the middle of write number ``left``, if that is not 0."""

    left = 0

    def write(self, content) -> int:
        Deadly.left -= 1
        if Deadly.left == 0:
            super().write(bytes(content)[: len(bytes(content)) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(content)


def record(folder: Path, die_at: int) -> None:
    Deadly.left = die_at
    writer = SessionWriter(
        folder, INFO, settings={}, bundle=None, capacity_bytes=1 << 16, opener=Deadly
    )
    writer.start()
    told = 0
    frames = [pixels_of(index) for index in range(64)]
    for index in itertools.count():
        pixels = frames[index] if index < len(frames) else pixels_of(index)
        writer.offer(Frame(pixels, index, 100.0 + index * 0.02, index * 0.5, 20.0, "red"))
        writer.event("marker", index=index, text="tick")
        writer.result(index, digest=index)
        while (stats := writer.stats()).queued > stats.queue_capacity // 2:
            pass
        if stats.written > told:
            told = stats.written
            sys.stdout.write(f"{told}\n")
            sys.stdout.flush()


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            die_at, folder = line.split(maxsplit=1)
            record(Path(folder.strip()), int(die_at))
        sys.stdout.write(f"pid {child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("dead\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
