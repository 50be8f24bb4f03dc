"""Long work on the window's own thread, in steps between which the window answers."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtCore import QObject, QTimer

Steps = Iterator[object]
"""Whatever it yields: there the window may look at its events."""


class Turns(QObject):
    """Takes one step each time around the event loop; works go one after the other."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._works: list[Steps] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)

    @property
    def busy(self) -> bool:
        """Whether there is a step left."""
        return bool(self._works)

    def run(self, steps: Steps) -> None:
        """Take these steps, after those that are left."""
        self._works.append(steps)
        self._timer.start(0)

    def stop(self) -> None:
        """Take no more; generators are closed, and may tidy up."""
        self._timer.stop()
        works, self._works = self._works, []
        for work in works:
            close = getattr(work, "close", None)
            if close is not None:
                close()

    def _step(self) -> None:
        work = self._works[0]
        try:
            next(work)
        except StopIteration:
            self._end(work)
        except Exception:
            self._end(work)
            raise

    def _end(self, work: Steps) -> None:
        """A step may itself have stopped everything."""
        if work in self._works:
            self._works.remove(work)
        if not self._works:
            self._timer.stop()
