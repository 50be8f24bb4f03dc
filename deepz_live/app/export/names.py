"""Where the stacks of several channels go, which have one model and one z grid each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from deepz_live.app.export.errors import ExportError

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


def files_of(path: Path, channels: Sequence[str]) -> list[Path]:
    """A file for each channel: ``path`` for one, for several with the channel in its name.

    ``stack.ome.tif`` becomes ``stack_FITC.ome.tif``.

    Raises
    ------
    ExportError
        A name made here is taken: the operator was asked about ``path`` only.
    """
    if len(channels) == 1:
        return [path]
    stem, dot, suffix = path.name.partition(".")
    named = [_NOT_IN_NAMES.sub("-", channel) for channel in channels]
    files = [path.with_name(f"{stem}_{name}{dot}{suffix}") for name in named]
    taken = [file.name for file in files if file.exists()]
    if taken or len(set(files)) < len(files):
        raise ExportError(
            f"Each channel gets a file of its own, and {(taken or [files[0].name])[0]} is taken; "
            "choose another name."
        )
    return files
