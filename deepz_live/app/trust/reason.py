"""Green, amber or red, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["green", "amber", "red"]
Topic = Literal["distance", "likeness", "round trip", "spot check"]
TOPICS: tuple[Topic, ...] = ("distance", "likeness", "round trip", "spot check")
_ORDER: tuple[Level, ...] = ("green", "amber", "red")


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the four reasons; ``level`` is None where nothing is known yet."""

    topic: Topic
    level: Level | None
    text: str


def worst(levels: Iterable[Level | None]) -> Level | None:
    """The worst of the levels that are known; None where none is."""
    known = [level for level in levels if level is not None]
    return max(known, key=_ORDER.index, default=None)
