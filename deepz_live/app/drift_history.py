"""Measured drift since the start, in memory that is taken at once and never grows."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.drift import DriftSample

KEPT = 100_000


class DriftHistory:
    """The newest 100 000 samples; filled by one thread, read by any."""

    def __init__(self, kept: int = KEPT) -> None:
        # Written to, so that the memory is there from the start and not page by page.
        self._rows = np.full((kept, 5), np.nan)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, sample: DriftSample) -> None:
        """Keep ``sample`` in place of the oldest one."""
        row = (sample.time_s, sample.dz_um, sample.dy_um, sample.dx_um, sample.confidence)
        with self._lock:
            self._rows[self._count % len(self._rows)] = row
            self._count += 1

    def table(self, last: int | None = None) -> NDArray[np.float64]:
        """The ``last`` samples (None: all that are kept), oldest first.

        ``(N, 5)``: time in s, dz, dy, dx in µm, confidence 0 … 1.
        """
        kept = len(self._rows)
        with self._lock:
            wanted = min(self._count, kept, kept if last is None else last)
            end = self._count % kept
            if wanted <= end:
                return self._rows[end - wanted : end].copy()
            # The ring is full, and what is wanted begins before its seam.
            return np.concatenate([self._rows[end - wanted :], self._rows[:end]])

    def samples(self) -> list[DriftSample]:
        """All that are kept, oldest first."""
        return [DriftSample(*row) for row in self.table().tolist()]
