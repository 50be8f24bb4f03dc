"""How much memory frames on their way to the disk may take."""

from __future__ import annotations

from pathlib import Path

LEAST_BYTES = 512 * 1024 * 1024
MOST_BYTES = 8 * 1024 * 1024 * 1024
UNKNOWN_BYTES = 1024 * 1024 * 1024
SHARE = 0.25


def queue_bytes(meminfo: Path = Path("/proc/meminfo")) -> int:
    """A quarter of the memory that is free now, between 512 MiB and 8 GiB; 1 GiB where unknown.

    A disk that pauses for a second must not cost a frame, and a full sensor at full speed fills
    a gigabyte in that time.
    """
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
        free_kb = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, ValueError, IndexError, StopIteration):
        return UNKNOWN_BYTES
    return min(max(int(SHARE * free_kb * 1024), LEAST_BYTES), MOST_BYTES)
