"""The findings of ``doctor``: gathered from all rooms, shown as a table."""

from __future__ import annotations

from importlib.resources import files

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deepz_live.app.doctor import Finding, doctor

_STYLES = {"ok": "green", "warning": "yellow", "missing": "red"}


def look() -> list[Finding]:
    """All findings; the window's icons are the window's own business, so its check is added."""
    return doctor(more=[window])


def window() -> Finding:
    """Whether Qt loads, and every icon comes from the package, so that it opens offline."""
    try:
        from deepz_live.gui.actions import ACTIONS
    except ImportError as error:  # a system library that Qt needs
        return Finding(
            "window",
            "missing",
            f"Qt does not load ({error})",
            "on Debian or Ubuntu run `bash run demo` as root once; it installs what Qt needs",
        )
    folder = files("deepz_live.gui") / "icons"
    wanted = {spec.icon for spec in ACTIONS.values() if spec.icon}
    missing = sorted(name for name in wanted if not (folder / f"{name}.svg").is_file())
    if missing:
        found = f"not in the package: {', '.join(missing)}"
        return Finding("window", "missing", found, "install deepz-live again")
    return Finding("window", "ok", "Qt loads; all icons are in the package, none is fetched")


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
