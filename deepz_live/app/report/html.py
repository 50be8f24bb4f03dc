"""HTML that needs nothing but itself: a document, and sections with their pictures inside."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape

from deepz_live.app.report.section import Section, Table

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: .2rem; } h2 { margin-top: 3rem; border-top: 1px solid var(--line);
padding-top: 1.5rem; }
nav a { margin-right: 1rem; white-space: nowrap; }
p.method { color: color-mix(in srgb, currentColor 70%, transparent); }
ul.findings { background: var(--soft); border-left: 4px solid #0072B2; padding: .7rem 1rem .7rem
2rem; border-radius: 4px; }
figure { margin: 1.2rem 0; } figure img { max-width: 100%; height: auto; background: white; }
figcaption, .note { font-size: .88rem; color: color-mix(in srgb, currentColor 70%, transparent); }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
th { font-weight: 600; vertical-align: bottom; } dl { display: grid; grid-template-columns:
max-content auto; gap: .1rem 1rem; } dt { font-weight: 600; } dd { margin: 0; }
"""


def document(title: str, body: str) -> str:
    """A whole page; ``title`` is text, ``body`` is HTML. Nothing is fetched from anywhere."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        '</title><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"{body}\n</body></html>\n"
    )


def section_html(section: Section) -> str:
    """One experiment: question, method, findings, pictures and tables."""
    return "\n".join(_parts(section))


def table_html(table: Table) -> str:
    """A table and its note."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{note}"
    )


def _parts(section: Section) -> Iterator[str]:
    yield f'<section id="{section.key}"><h2>{escape(section.question)}</h2>'
    yield f'<p class="method">{escape(section.method)}</p>'
    if section.findings:
        items = "".join(f"<li>{escape(finding)}</li>" for finding in section.findings)
        yield f'<ul class="findings">{items}</ul>'
    for picture in section.pictures:
        data = base64.b64encode(picture.png).decode("ascii")
        caption = escape(picture.caption)
        yield (
            f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    for table in section.tables:
        yield table_html(table)
    yield "</section>"
