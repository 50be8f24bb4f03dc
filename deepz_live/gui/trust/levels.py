"""Levels of trust as the window shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deepz_live.app.trust.reason import Level, Reason
from deepz_live.app.trust.watch import Badge
from deepz_live.gui.panes.pane import Level as PaneLevel

PANE_LEVELS: Mapping[Level | None, PaneLevel] = {
    "green": "good",
    "amber": "caution",
    "red": "alarm",
    None: "",
}
WORDS: Mapping[Level | None, str] = {
    "green": "nothing speaks against it",
    "amber": "with care",
    "red": "not to be trusted",
    None: "not known yet",
}


def role_of(level: Level | None) -> str:
    """The colour of the dot beside a reason, as a role of the theme."""
    return PANE_LEVELS[level] or "off"


def tip_of(badge: Badge) -> str:
    """What stands under the mouse on a badge: level, and the reasons, the gravest first."""
    lines = [f"Inferred, {WORDS[badge.level]}."]
    lines += [f"• {reason.text}" for reason in gravest_first(badge.reasons)]
    return "\n".join(lines)


def gravest_first(reasons: Iterable[Reason]) -> list[Reason]:
    """Red before amber before green before what is not known; else in their order."""
    order = ("red", "amber", "green", None)
    return sorted(reasons, key=lambda reason: order.index(reason.level))
