"""What an experiment hands to the report: text, tables, pictures and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows of cells under ``head``; ``note`` says how to read it."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A PNG with a caption; ``name`` is its file name without extension."""

    name: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Section:
    """One experiment.

    Attributes
    ----------
    key
        Its name in ``report.json`` and its anchor in the page.
    question
        Heading: what a microscopist would ask.
    method
        What was measured and on what.
    findings
        What came out and what it means, a sentence each.
    facts
        Everything measured, for ``report.json``.
    summary
        The few numbers kept in the bundle.
    """

    key: str
    question: str
    method: str
    findings: Sequence[str] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


def not_measured(key: str, question: str, why: str) -> Section:
    """A section that says why there is nothing in it."""
    return Section(key, question, f"Not measured: {why}", facts={"not_measured": why})
