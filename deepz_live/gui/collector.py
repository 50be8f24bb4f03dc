"""Python's garbage collector, kept on the GUI thread while a window lives.

The collector runs on whichever thread happens to allocate. If that is the pump or the refocus
thread, it may delete Qt objects there, and Qt then crashes somewhere else, some time later.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PyQt6.QtCore import QCoreApplication, QEvent
from pyqtgraph.util.garbage_collector import GarbageCollector

INTERVAL_S = 1.0
FEWEST, MOST = 3, 12
"""Rounds: a window, the connections of its parts, what those kept; and on while more is found."""


@contextmanager
def collecting_on_gui_thread() -> Iterator[None]:
    """Collect only here, on a timer of this thread; as before when the block ends.

    Windows that were told to delete themselves are gone when the block has ended, and so is every
    Python object that stood for a part of them.
    """
    collector = GarbageCollector(interval=INTERVAL_S)
    try:
        yield
    finally:
        collector.timer.stop()
        _delete_what_waits()
        gc.enable()


def _delete_what_waits() -> None:
    """Carry out all deferred deletions, and those that they cause.

    A connection to a lambda is an object of its own, which waits to be deleted once its sender is
    gone and keeps the lambda, and so the window's Python side, alive until then. Python objects
    for parts that Qt itself made (a menu's action, a spin box's editor) are not told that their
    part is gone: the next window's part at the same address would be taken for it, and crash.
    """
    for number in range(MOST):
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        if gc.collect() == 0 and number + 1 >= FEWEST:
            return
