"""A mistake in a slot is told, not fatal: Qt ends a program whose Python slots raise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType


@contextmanager
def mistakes_told(tell: Callable[[Exception], None]) -> Iterator[None]:
    """While the block runs, what nobody caught goes to ``tell`` and to standard error.

    Ctrl-C and the like end the program as ever.
    """
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        before(kind, error, trace)
        if isinstance(error, Exception):
            tell(error)

    sys.excepthook = hook
    try:
        yield
    finally:
        sys.excepthook = before
