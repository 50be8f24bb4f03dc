"""What went wrong while the window was open, kept until somebody asks."""

from __future__ import annotations

import os
import platform
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

KEPT = 200
"""Older troubles are forgotten: a fault that comes again every second must not fill memory."""

HOME = Path(__file__).resolve().parents[3]
"""What the package lies in."""

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that went wrong; ``times`` counts how often."""

    at: datetime
    level: Level
    sentence: str
    details: str = ""
    times: int = 1

    @property
    def text(self) -> str:
        """All of it, for a letter to those who can mend it."""
        often = f", {self.times} times" if self.times > 1 else ""
        head = f"{self.at:%Y-%m-%d %H:%M:%S} {self.level}{often}: {self.sentence}"
        return "\n".join(part for part in (head, self.details, _machine()) if part)


class TroubleLog:
    """The latest :data:`KEPT` troubles, oldest first."""

    def __init__(self, now: Callable[[], datetime] = datetime.now) -> None:
        self._now = now
        self._troubles: deque[Trouble] = deque(maxlen=KEPT)

    def __len__(self) -> int:
        return len(self._troubles)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """All that are kept, oldest first."""
        return tuple(self._troubles)

    def add(self, level: Level, sentence: str, error: BaseException | None = None) -> Trouble:
        """Keep one more; the same sentence again is counted and moves to the end."""
        trouble = Trouble(self._now(), level, sentence, _details(error))
        for before in self._troubles:
            if (before.level, before.sentence) == (level, sentence):
                self._troubles.remove(before)
                trouble = replace(trouble, times=before.times + 1)
                break
        self._troubles.append(trouble)
        return trouble

    def clear(self) -> None:
        """Forget them all."""
        self._troubles.clear()


def _details(error: BaseException | None) -> str:
    """Where it came from, with the paths of this machine left out: they are its owner's."""
    if error is None:
        return ""
    text = "".join(traceback.format_exception(error)).rstrip()
    return text.replace(str(HOME) + os.sep, "")


def _machine() -> str:
    return (
        f"deepz-live {version('deepz-live')}, Python {platform.python_version()}, "
        f"{platform.platform()}"
    )
