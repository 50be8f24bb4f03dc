"""What a check found, and what the operator can do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["green", "amber", "red"]
LEVELS: tuple[Level, ...] = ("green", "amber", "red")
"""From good to bad. Amber: usable, but look at it; red: repeat the field."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check page.

    Attributes
    ----------
    level
        How bad it is.
    about
        Which check: ``focus``, ``saturation``, ``signal``, ``bleaching``, ``drift``, ``steps`` or
        ``asymmetry``.
    text
        What was found, with its number.
    cure
        What to do, to be read after "repeat field 3: …, "; empty where nothing is to be done.
    """

    level: Level
    about: str
    text: str
    cure: str = ""

    def as_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return {"level": self.level, "about": self.about, "text": self.text, "cure": self.cure}


def worst(levels: Iterable[Level]) -> Level:
    """The worst of ``levels``; green where there are none."""
    return max(levels, key=LEVELS.index, default="green")


@dataclass(frozen=True, slots=True)
class StackCheck:
    """All that was found in one stack; every check left a finding, green ones included.

    Attributes
    ----------
    findings
        One a check, in the order in which to read them.
    focus_um
        Stage z of the sample's focus; None where the stack shows none.
    focus_offset_um
        The same from the middle of the stack: how far the next stack's middle must move.
    snr
        Height of the brightest structures in focus over the noise of the background.
    saturated
        Share (0 … 1) of the bright structures' pixels that reach the camera's ceiling.
    bleaching
        Share of the sample's light lost from the first plane to the last; negative: gained.
    drift_um
        Largest sideways distance between two parts of the scan; None where it cannot be seen.
    missed_steps
        Numbers (from 1) of planes that show what the plane before them showed.
    """

    findings: tuple[Finding, ...]
    focus_um: float | None
    focus_offset_um: float | None
    snr: float
    saturated: float
    bleaching: float | None
    drift_um: float | None
    missed_steps: tuple[int, ...]

    @property
    def level(self) -> Level:
        """The worst of all findings."""
        return worst(finding.level for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "level": self.level,
            "findings": [finding.as_dict() for finding in self.findings],
            "focus_um": self.focus_um,
            "focus_offset_um": self.focus_offset_um,
            "snr": self.snr,
            "saturated": self.saturated,
            "bleaching": self.bleaching,
            "drift_um": self.drift_um,
            "missed_steps": list(self.missed_steps),
        }
