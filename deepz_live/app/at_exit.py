"""Ending in order what is still running when the program ends.

A thread that is inside a driver or the network while the interpreter goes away is ended by force,
in the middle of C++, which takes the process down ("FATAL: exception not rethrown", SIGABRT). So
threads are stopped while the interpreter still lives: after the last line of the program, and
before anything is torn down.
"""

from __future__ import annotations

import atexit
import sys
import weakref
from collections.abc import Callable
from typing import Protocol

PATIENCE_S = 10.0


class Stoppable(Protocol):
    """Owns threads."""

    def stop(self, timeout_s: float) -> None:
        """End them."""


def stop_at_exit(thing: Stoppable) -> Callable[[], None]:
    """Stop ``thing`` at the end of the program, unless it is gone; returns what takes that back.

    What is registered last is stopped first: a session before the microscope it streams from.
    """
    reference = weakref.ref(thing)

    def at_exit() -> None:
        if (left := reference()) is not None:
            try:
                left.stop(PATIENCE_S)
            except Exception as error:  # the last words: there is nobody to hand it to
                sys.stderr.write(f"Error: {error}\n")

    atexit.register(at_exit)
    return lambda: atexit.unregister(at_exit)
