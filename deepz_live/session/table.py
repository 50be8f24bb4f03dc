"""Tables of numbers as CSV, written and read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file (RFC 4180) with a line of names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def read_table(path: Path) -> dict[str, NDArray[np.float64]]:
    """Columns ``(N,)`` of a file of numbers by their names; NaN where a field is empty.

    Raises
    ------
    OSError, ValueError
        There is no such file; a field is no number, or a row longer or shorter than the names.
    """
    with path.open(encoding="utf-8") as file:
        (head,) = csv.reader([file.readline()])
        begin = file.tell()
        if not file.readline():
            return {name: np.empty(0) for name in head}
        file.seek(begin)
        try:
            cells = np.loadtxt(file, delimiter=",", converters=_number, ndmin=2)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
    if cells.shape[1] != len(head):
        raise ValueError(f"{path.name} has {len(head)} names for {cells.shape[1]} columns")
    return dict(zip(head, cells.T, strict=True))


def _number(field: str | bytes) -> float:
    return float(field or "nan")
