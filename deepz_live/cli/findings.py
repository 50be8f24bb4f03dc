"""The findings of ``doctor``: gathered from all rooms, shown as a table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deepz_live.app.doctor import Finding, doctor

_STYLES = {"ok": "green", "warning": "yellow", "missing": "red"}


def look() -> list[Finding]:
    """All findings; the window's icons are the window's own business, so its check is added."""
    return doctor(more=[icons])


def icons() -> Finding:
    """Whether every icon of the window comes from the package, so that it opens offline."""
    from deepz_live.gui.icons import missing_icons

    missing = missing_icons()
    if missing:
        return Finding(
            "icons", "missing", f"not in the package: {', '.join(missing)}", "install it again"
        )
    return Finding("icons", "ok", "all in the package, nothing is fetched from the internet")


def show(findings: list[Finding]) -> None:
    """Print the findings as a table on standard output."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        text = Text(finding.found)
        if finding.advice:
            text.append(f"\n→ {finding.advice}", style="bold")
        status = Text(finding.status, style=_STYLES[finding.status])
        table.add_row(finding.name, status, text)
    Console(highlight=False).print(table)
