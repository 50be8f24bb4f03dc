"""A folder of stacks: which files are stacks, and what a calibration wrote down beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deepz_live.session.errors import StackError

RECORD = "calibration.json"
SUFFIXES = (".tif", ".tiff")


def stack_files(folder: Path) -> list[Path]:
    """The TIFF files in a folder and the folders in it, sorted.

    Suffixes are taken in any case. What has a dot in front of its name is hidden, and left out:
    macOS keeps a ``._field.tif`` beside each file that it copies to other disks.
    """
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def read_record(folder: Path) -> dict[str, Any] | None:
    """The content of ``calibration.json``, each of its ``fields`` with a ``file``; None: no file.

    Raises
    ------
    StackError
        Damaged.
    """
    file = folder / RECORD
    if not file.is_file():
        return None
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if not all(isinstance(entry["file"], str) for entry in record["fields"]):
            raise TypeError("a file name that is no text")
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise StackError(
            f"{file} is damaged ({error}); move it away, then the stacks are taken without it."
        ) from error
    return dict(record)
