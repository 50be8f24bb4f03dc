"""The median over time of stacks that together are larger than the memory."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.analyze.errors import AnalysisError

MOST = 128
"""Of longer recordings so many stacks, spread evenly, make the median."""
BLOCK_BYTES = 64 * 2**20
Stack = NDArray[np.float32]


class TimeMedian:
    """Collects stacks in a scratch file and takes their median voxel by voxel.

    In memory are one stack and one block of ``block_bytes``; on disk at most ``most`` stacks.
    Both stay the same however long the recording is. To be used in a ``with`` statement, which
    removes the file.

    Parameters
    ----------
    frames
        Length of the recording.
    scratch
        Folder for the file; None: the system's.
    """

    def __init__(
        self,
        frames: int,
        *,
        most: int = MOST,
        scratch: Path | None = None,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        chosen = np.linspace(0, frames - 1, min(frames, most)).round().astype(int)
        self._places = {int(frame): place for place, frame in enumerate(chosen)}
        self._scratch, self._block = scratch, block_bytes
        self._folder: Path | None = None
        self._stacks: np.memmap[tuple[int, ...], np.dtype[np.float32]] | None = None
        self._filled = 0

    def wants(self, frame: int) -> bool:
        """Whether this frame's stack counts."""
        return frame in self._places

    def add(self, frame: int, stack: Stack) -> None:
        """Keep the ``stack`` ``(Z, Y, X)`` of a wanted frame.

        Raises
        ------
        AnalysisError
            The scratch folder has not the room.
        """
        if self._stacks is None:
            self._stacks = self._open(stack.shape)
        self._stacks[self._places[frame]] = stack
        self._filled += 1

    def take(self) -> Stack:
        """``(Z, Y, X)`` float32: the median of all stacks that were wanted and added."""
        if self._stacks is None or self._filled < len(self._places):
            raise ValueError(f"{self._filled} of {len(self._places)} stacks were added.")
        count, shape = len(self._stacks), self._stacks.shape[1:]
        flat = self._stacks.reshape(count, -1)
        median = np.empty(flat.shape[1], np.float32)
        step = max(1, self._block // (count * 4))
        for start in range(0, flat.shape[1], step):
            block = np.array(flat[:, start : start + step])
            median[start : start + step] = np.median(block, axis=0, overwrite_input=True)
        return median.reshape(shape)

    def _open(self, shape: tuple[int, ...]) -> np.memmap[tuple[int, ...], np.dtype[np.float32]]:
        folder = Path(tempfile.mkdtemp(prefix="deepz-live-", dir=self._scratch))
        self._folder = folder
        needed = len(self._places) * int(np.prod(shape)) * 4
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise AnalysisError(
                f"The median over time needs {needed / 2**30:.1f} GiB in {folder.parent}, which "
                f"has {free / 2**30:.1f} GiB free; make room there, or point TMPDIR elsewhere."
            )
        return np.memmap(folder / "stacks", np.float32, "w+", shape=(len(self._places), *shape))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stacks = None  # closes the file, which Windows wants before it is removed
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
