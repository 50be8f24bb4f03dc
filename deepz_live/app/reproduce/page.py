"""The page: every claim of the paper beside ours, and behind it how that was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from deepz_live.app.report.html import document, section_html
from deepz_live.app.reproduce.claims import ABSENT, CLAIMS
from deepz_live.app.reproduce.outcome import AGREES, Outcome, Row
from deepz_live.app.reproduce.step import Step

Measured = tuple[Step[Any], Outcome, float]
"""A step, what it found, and the seconds it took."""

TITLE = "Deep-Z's claims, and ours"
_STYLE = """<style>
body { max-width: 84rem; }
table.claims { font-size: .84rem; } table.claims th, table.claims td { text-align: left;
vertical-align: top; padding: .35rem .6rem; } table.claims td.paper, table.claims td.ours {
min-width: 8.5rem; } table.claims td.how { min-width: 15rem; } .verdict { font-weight: 600;
white-space: nowrap; } tr.worse .verdict { color: #D55E00; } tr.better .verdict, tr.as .verdict {
color: #009E73; } .remark, .quote { display: block; margin-top: .25rem; } .quote { opacity: .7; }
</style>"""
_INTRO = (
    "What the Deep-Z paper claims in numbers, beside what this program measures on its built-in "
    "microscope, whose truth is known, and on real recordings where they are there. The built-in "
    "microscope is a simulation and not the paper's: read each remark before comparing. Refocused "
    "pixels are inferred, not measured."
)


def page(measured: Sequence[Measured], facts: dict[str, Any]) -> str:
    """One HTML page that fetches nothing; ``facts`` as :mod:`run` collects them."""
    rows = "\n".join(part for step, outcome, seconds in measured
                     for part in _rows(step, outcome, seconds))  # fmt: skip
    head = ("Figure", "Claim", "Paper", "Ours", "Verdict", "How, on what", "s")
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    table = (
        f'<div class="scroll"><table class="claims"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    sections = "\n".join(part for one in measured for part in _sections(one))
    return document(
        TITLE,
        f"{_STYLE}<p>{escape(_INTRO)}</p>\n{_facts(facts)}\n<p>{escape(_summary(measured))}</p>\n"
        f"{table}\n{_absent()}\n{sections}",
    )


def _summary(measured: Sequence[Measured]) -> str:
    rows = [row for _, outcome, _ in measured for row in outcome.rows]
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in _VERDICTS}
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return (
        f"Of {len(rows)} claims: {words}. “As in the paper” is within {AGREES:.0%} where there is "
        "a number to compare with, and else the rule that is given beside it. Seconds are of the "
        "whole step, when it was run."
    )


_VERDICTS = ("as in the paper", "better", "worse", "not comparable", "not run")


def _rows(step: Step[Any], outcome: Outcome, seconds: float) -> Iterator[str]:
    for number, row in enumerate(outcome.rows):
        yield _row(step, row, f"{seconds:.0f}" if number == 0 else "")


def _row(step: Step[Any], row: Row, seconds: str) -> str:
    claim = CLAIMS[row.claim]
    link = f'<a href="#step-{step.key}">{escape(claim.figure)}</a>'
    quote = f'<span class="quote">“{escape(claim.quote)}”</span>'
    remark = f'<span class="remark">{escape(row.remark)}</span>' if row.remark else ""
    how = "" if row.verdict == "not run" else f"{escape(row.how)}. On: {escape(row.on)}."
    cells = (
        ("", link),
        ("", escape(claim.says) + quote),
        ("paper", escape(claim.paper)),
        ("ours", escape(row.ours)),
        ("verdict", row.verdict),
        ("how", how + remark),
        ("", seconds),
    )
    text = "".join(f'<td class="{name}">{cell}</td>' for name, cell in cells)
    return f'<tr class="{row.verdict.split()[0]}" id="{row.claim}">{text}</tr>'


def _sections(one: Measured) -> Iterator[str]:
    step, outcome, seconds = one
    yield f'<div id="step-{step.key}">'
    for section in outcome.sections:
        # Sections of several steps may have the same key; an anchor must not.
        own = replace(section, key=f"{step.key}-{section.key}")
        yield section_html(own)
    if outcome.sections:
        yield f'<p class="note">Step {escape(step.key)}: {seconds:.0f} s.</p>'
    yield "</div>"


def _absent() -> str:
    items = "".join(f"<li>{escape(k)}: {escape(why)}</li>" for k, why in ABSENT.items())
    return f"<h2>Not on this page</h2><ul>{items}</ul>"


def _facts(facts: dict[str, Any]) -> str:
    machine = facts["machine"]
    busy = machine["load_at_start"]
    rows = {
        "Run": "quick: smaller fields, fewer seeds" if facts["quick"] else "full",
        "Measured with": f"deepz-live {facts['version']}, {facts['seconds']:.0f} s in all steps",
        "Machine": f"{machine['system']}, {machine['processors']} processors"
        + ("" if busy is None else f"; {busy:.1f} processes wanted to run when it began"),
    }
    cells = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in rows.items())
    return f"<dl>{cells}</dl>"
