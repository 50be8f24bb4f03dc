"""The report as one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from deepz_live.app.report.section import Section, Table
from deepz_live.model.bundle import Bundle

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


def page(bundle: Bundle, sections: Sequence[Section], facts: dict[str, Any]) -> str:
    """The whole page; pictures are inside it, nothing is fetched from anywhere."""
    links = "".join(f'<a href="#{s.key}">{escape(s.question)}</a> ' for s in sections)
    body = "\n".join(part for section in sections for part in _section(section))
    title = f"Quality of {escape(bundle.name)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n"
        "<p>How well a single frame, refocused by this model, agrees with what the microscope "
        "records when the stage really moves. Refocused pixels are inferred, not measured; this "
        "page says how far they can be believed, and where they cannot.</p>\n"
        f"{_facts(bundle, facts)}\n<nav>{links}</nav>\n{body}\n</body></html>\n"
    )


def _facts(bundle: Bundle, facts: dict[str, Any]) -> str:
    known = bundle.facts
    low, high = known.z_range_um
    optics = known.optics
    rows = {
        "Network": f"{known.network}, width {known.width:g}",
        "Range": f"{low:+g} … {high:+g} µm in {len(known.z_planes_um)} planes",
        "Trained for": f"{known.pixel_size_um:g} µm pixels, NA {optics.na:g}, "
        f"{optics.emission_nm:g} nm, {known.exposure_ms:g} ms, channel {known.channel}",
        "Measured on": ", ".join(facts["stacks"]),
        "Measured with": f"{facts['provider']}, deepz-live {facts['version']}, "
        f"{facts['seconds']:.0f} s",
        "Weights measured": f"SHA-256 {facts['weights_sha256'][:16]}…",
    }
    cells = "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in rows.items())
    return f"<dl>{cells}</dl>"


def _section(section: Section) -> Iterator[str]:
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
        yield _table(table)
    yield "</section>"


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{note}"
    )
