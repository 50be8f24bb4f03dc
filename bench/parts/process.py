"""What this process holds: memory, open files, threads."""

from __future__ import annotations

import os
import threading
from pathlib import Path

SELF = Path("/proc/self")


def resident_mb() -> float | None:
    """Resident memory; None where the system does not tell."""
    try:
        pages = int((SELF / "statm").read_text().split()[1])
    except (OSError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def handles() -> int | None:
    """Open descriptors; None where the system does not tell."""
    table = SELF / "fd"
    return len(list(table.iterdir())) if table.is_dir() else None


def threads() -> int:
    """All threads where the system tells, else those of Python."""
    table = SELF / "task"
    return len(list(table.iterdir())) if table.is_dir() else threading.active_count()
