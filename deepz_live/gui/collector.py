"""Python's garbage collector, kept on the GUI thread while a window lives.

The collector runs on whichever thread happens to allocate. If that is the pump or the refocus
thread, it may delete Qt objects there, and Qt then crashes somewhere else, some time later.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from pyqtgraph.util.garbage_collector import GarbageCollector

INTERVAL_S = 1.0


@contextmanager
def collecting_on_gui_thread() -> Iterator[None]:
    """Collect only here, on a timer of this thread; as before when the block ends."""
    collector = GarbageCollector(interval=INTERVAL_S)
    try:
        yield
    finally:
        collector.timer.stop()
        gc.collect()
        gc.enable()
