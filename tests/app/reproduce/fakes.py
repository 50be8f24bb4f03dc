"""Steps that measure nothing but count how often they are asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.reproduce.lab import Lab
from deepz_live.app.reproduce.outcome import Outcome, Row
from deepz_live.app.reproduce.run import Reproduction, reproduce
from deepz_live.app.reproduce.step import Step

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8"
    "ffff3f0005fe02fea735816f0000000049454e44ae426082"
)
"""One white pixel."""


@dataclass(frozen=True)
class Effort:
    fields: int


@dataclass
class Counted:
    """A step's measurement: how often it was done, with what; ``broken`` ends it halfway."""

    claim: str = "time.512"
    ours: str = "1 s"
    verdict: str = "as in the paper"
    keep: bool = True
    broken: bool = False
    calls: list[Effort] = field(default_factory=list)

    def __call__(self, lab: Lab, effort: Effort) -> Outcome:
        self.calls.append(effort)
        lab.note("measuring")
        if self.broken:
            raise KeyboardInterrupt
        section = Section(
            "details",
            "How <long>?",
            "With a watch.",
            ["It is so."],
            [Table(("a", "b"), [["1", "2"]], "note")],
            [Picture("curve", "A curve", PNG)],
            {"value": 1.0},
        )
        row = Row(self.claim, self.ours, self.verdict, "by a watch", "a desk", "Mind the <gap>.")
        return Outcome((row,), (section,), keep=self.keep)


def step(key: str, measure: Counted, *figures: str, quick: Effort | None = Effort(1)) -> Step:
    """A step that needs no model."""
    return Step(key, figures or (key,), (), Effort(9), quick, measure, (measure.claim,))


def run(out: Path, *steps: Step, names: tuple[str, ...] = (), quick: bool = True) -> Reproduction:
    return reproduce(out, names, quick=quick, recordings=out / "none", steps=steps)
