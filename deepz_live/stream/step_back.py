"""Which of a process's threads go first when the processor is busy."""

from __future__ import annotations

import ctypes
import os
import sys
import threading

NICENESS = 5
"""What a thread that steps back adds to its own; it gets a quarter of a core beside another."""
_BELOW_NORMAL = -1
"""Windows' name is THREAD_PRIORITY_BELOW_NORMAL."""


def step_back() -> bool:
    """Let this process's other threads go first from now on; on Linux, threads made by this one
    step back as well.

    Returns
    -------
    bool
        False where the system has no such thing for one thread (macOS) or does not allow it.
    """
    try:
        if sys.platform == "win32":
            kernel = ctypes.windll.kernel32
            return bool(kernel.SetThreadPriority(kernel.GetCurrentThread(), _BELOW_NORMAL))
        if sys.platform == "darwin":
            return False
        thread = threading.get_native_id()  # Linux takes the number of a thread here
        own = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, own + NICENESS)
    except OSError:
        return False
    return True
