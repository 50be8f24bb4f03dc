"""The report as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from deepz_live.app.report.html import document, section_html
from deepz_live.app.report.section import Section
from deepz_live.model.bundle import Bundle


def page(bundle: Bundle, sections: Sequence[Section], facts: dict[str, Any]) -> str:
    """The whole page; pictures are inside it, nothing is fetched from anywhere."""
    links = "".join(f'<a href="#{s.key}">{escape(s.question)}</a> ' for s in sections)
    body = "\n".join(section_html(section) for section in sections)
    return document(
        f"Quality of {bundle.name}",
        "<p>How well a single frame, refocused by this model, agrees with what the microscope "
        "records when the stage really moves. Refocused pixels are inferred, not measured; this "
        "page says how far they can be believed, and where they cannot.</p>\n"
        f"{_facts(bundle, facts)}\n<nav>{links}</nav>\n{body}",
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
