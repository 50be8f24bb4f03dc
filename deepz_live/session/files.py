"""Small files written so that a crash never leaves half of one, or tears more than a line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

FileOpener = Callable[[Path, str], IO[bytes]]
"""Opens ``(path, mode)`` for bytes; injected by the tests to fill the disk."""


def open_file(path: Path, mode: str) -> IO[bytes]:
    """The :data:`FileOpener` of everyday: unbuffered, so that nothing waits in this process."""
    return path.open(mode, buffering=0)


def write_all(file: IO[bytes], content: bytes | memoryview) -> None:
    """Write all of ``content`` to an unbuffered file; raises OSError, also where room ends."""
    left = memoryview(content).cast("B")
    while left:
        left = left[file.write(left) :]


def to_json(value: object, *, indent: int | None = None) -> bytes:
    """JSON as UTF-8; numpy numbers and arrays, paths and tuples are taken as well."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_plain).encode()


def replace_file(path: Path, content: bytes, opener: FileOpener = open_file) -> None:
    """Give ``path`` new content; a reader sees the old or the new one, never a mixture."""
    part = path.with_name(path.name + ".part")
    with opener(part, "wb") as file:
        write_all(file, content)
        os.fsync(file.fileno())
    part.replace(path)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a journal, one a line; a torn last line is left out.

    Raises
    ------
    ValueError
        A line other than the last one is damaged; the text says which.
    """
    return parse_lines(path.read_bytes(), path.name) if path.exists() else []


def parse_lines(content: bytes, name: str) -> list[dict[str, Any]]:
    """As :func:`read_lines`, of a journal ``name`` that was read already."""
    lines = content.split(b"\n")
    found: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except ValueError:
            if any(rest.strip() for rest in lines[number:]):
                raise ValueError(f"line {number} of {name} is damaged") from None
            break
        found.append(item)
    return found


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value)
