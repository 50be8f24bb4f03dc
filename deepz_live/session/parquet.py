"""Tables of numbers as Parquet, for programs that read columns and types instead of text."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.errors import SessionError

INSTALL = "pip install 'deepz-live[tables]'"


def check_parquet() -> None:
    """Raise :class:`SessionError` where Parquet cannot be written: before hours of work, not after.

    The writer is an extra of its own. Of those that there are it is the smallest by far
    (arro3-io: 12 MB to download and 34 MB on disk; pyarrow 55 and 166, fastparquet with its
    pandas about 80, polars 55 and 175), and a microscope PC needs none.
    """
    _writer()


def parquet(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """A Parquet file of ``columns``, each ``(N,)`` of numbers or bools, by name.

    Types stay as they are; what is missing is NaN. Packed with zstd.

    Raises
    ------
    SessionError
        The package that writes Parquet is not installed.
    """
    core, writer = _writer()
    arrays = {
        name: core.Array.from_numpy(np.ascontiguousarray(values))
        for name, values in columns.items()
    }
    file = io.BytesIO()
    writer.write_parquet(core.Table.from_pydict(arrays), file, compression="zstd(3)")
    return file.getvalue()


def _writer() -> tuple[Any, Any]:
    try:
        return importlib.import_module("arro3.core"), importlib.import_module("arro3.io")
    except ImportError as error:
        raise SessionError(
            f"Parquet needs the package arro3-io, which is not installed ({error}); install it "
            f"with `{INSTALL}`, or leave Parquet out: the CSV tables hold the same."
        ) from error
