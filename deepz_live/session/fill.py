"""Warns while frames wait for the disk, before there is no room for them any more."""

from __future__ import annotations

from typing import Literal

from deepz_live.stream.statistics import Clock

CAUTION = 0.5
"""A queue fuller than this is warned of, …"""
CALM = 0.25
"""… until it is emptier than this."""
_STEP_S = 0.5


class FillWatch:
    """Looks at a queue of ``capacity`` bytes each time something is added; used by one thread."""

    def __init__(self, capacity: int, clock: Clock) -> None:
        self._capacity = capacity
        self._clock = clock
        self._warned = False
        self._before: tuple[float, int] | None = None
        self._full_in_s: float | None = None

    @property
    def warned(self) -> bool:
        """True from more than half full until less than a quarter."""
        return self._warned

    @property
    def full_in_s(self) -> float | None:
        """Seconds until it is full, should it fill as it did last; None while it does not fill."""
        return self._full_in_s

    def saw(self, queued: int) -> Literal["slow", "keeps up"] | None:
        """So many bytes wait now; says when the warning begins and when it ends."""
        self._estimate(queued)
        share = queued / max(self._capacity, 1)
        if not self._warned and share > CAUTION:
            self._warned = True
            return "slow"
        if self._warned and share < CALM:
            self._warned = False
            return "keeps up"
        return None

    def _estimate(self, queued: int) -> None:
        now = self._clock()
        if self._before is None:
            self._before = (now, queued)
            return
        elapsed_s, grown = now - self._before[0], queued - self._before[1]
        if 0 <= elapsed_s < _STEP_S:
            return
        self._before = (now, queued)
        growing = grown > 0 and elapsed_s > 0
        left = max(self._capacity - queued, 0)
        self._full_in_s = left / (grown / elapsed_s) if growing else None
