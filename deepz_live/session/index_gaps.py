"""Which frame indices a recording misses, and why."""

from __future__ import annotations

from deepz_live.session.manifest import Cause, Gap


class GapLog:
    """Collects missing indices as ranges. Not thread-safe: the writer holds its lock."""

    def __init__(self) -> None:
        self._gaps: list[Gap] = []
        self._highest: int | None = None
        self._out_of_order = 0

    @property
    def out_of_order(self) -> int:
        """Frames that came after one with the same or a higher index."""
        return self._out_of_order

    def saw(self, index: int) -> None:
        """A frame with ``index`` arrived; those left out before it were not received (so far)."""
        if self._highest is not None and index <= self._highest:
            self._out_of_order += 1
            self._came_late(index)
            return
        if self._highest is not None and index > self._highest + 1:
            self._add(self._highest + 1, index - 1, "not received")
        self._highest = index

    def dropped(self, index: int, cause: Cause) -> None:
        """Frame ``index`` arrived and could not be written."""
        self._add(index, index, cause)

    def ranges(self) -> tuple[Gap, ...]:
        """All gaps, ascending, neighbours of the same cause joined."""
        joined: list[Gap] = []
        for gap in sorted(self._gaps, key=lambda gap: gap.first):
            if joined and joined[-1].cause == gap.cause and gap.first <= joined[-1].last + 1:
                last = max(gap.last, joined[-1].last)
                joined[-1] = joined[-1].model_copy(update={"last": last})
            else:
                joined.append(gap)
        return tuple(joined)

    def _came_late(self, index: int) -> None:
        """Frame ``index`` was thought lost and is there: its gap is cut in two."""
        for place, gap in enumerate(self._gaps):
            if gap.cause == "not received" and gap.first <= index <= gap.last:
                before = gap.model_copy(update={"last": index - 1})
                after = gap.model_copy(update={"first": index + 1})
                self._gaps[place : place + 1] = [
                    part for part in (before, after) if part.first <= part.last
                ]
                return

    def _add(self, first: int, last: int, cause: Cause) -> None:
        previous = self._gaps[-1] if self._gaps else None
        if previous is not None and previous.cause == cause and previous.last + 1 == first:
            self._gaps[-1] = previous.model_copy(update={"last": last})
        else:
            self._gaps.append(Gap(first=first, last=last, cause=cause))
