"""Disks that wait, or are full, for the tests of recordings."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from pathlib import Path
from typing import IO


class ShardFile(io.FileIO):
    """A file of frames that asks before it takes one."""

    def __init__(self, path: Path, mode: str, before: Callable[[], None]) -> None:
        super().__init__(path, mode)
        self._before = before
        self._head = True

    def write(self, content) -> int:
        if self._head:
            self._head = False
        else:
            self._before()
        return super().write(content)


class Gate:
    """Opens files as usual, but frames only as ``allow`` says."""

    def __init__(self, allow: Callable[[int], None]) -> None:
        self._allow = allow
        self.frames = 0

    def __call__(self, path: Path, mode: str) -> IO[bytes]:
        if path.name.startswith("c."):
            return ShardFile(path, mode, self._next)
        return path.open(mode, buffering=0)

    def _next(self) -> None:
        self._allow(self.frames)
        self.frames += 1


class FullDisk:
    """From frame ``room`` on, whatever is written does not fit, until the reserve is given up."""

    def __init__(self, room: int, *, dead: bool = False) -> None:
        self._room = room
        self._dead = dead
        self._full = False

    def __call__(self, path: Path, mode: str) -> IO[bytes]:
        if path.name.startswith("c."):
            return _Refusing(path, mode, self)
        reserve = path.parents[0] / "reserve"
        if self._full and (self._dead or reserve.exists()):
            raise OSError(errno.ENOSPC, "No space left on device")
        return path.open(mode, buffering=0)

    def has_room(self) -> bool:
        self._full = self._full or self._room == 0
        self._room -= 1
        return not self._full


class _Refusing(ShardFile):
    """Takes as much as there is room, as a disk does, and then refuses."""

    def __init__(self, path: Path, mode: str, disk: FullDisk) -> None:
        super().__init__(path, mode, lambda: None)
        self._disk = disk

    def write(self, content) -> int:
        if self._head or self._disk.has_room():
            return super().write(content)
        io.FileIO.write(self, bytes(content)[:7])
        raise OSError(errno.ENOSPC, "No space left on device")
