"""``doctor``: what this installation found, and what to do about what is missing."""

from __future__ import annotations

from deepz_live.cli import options
from deepz_live.cli.base import app, guarded, print_json, quiet_output


@app.command()
@guarded
def doctor(json: options.Json = False) -> None:
    """Say what was found on this machine, and what to do about what is missing.

    Example: [bold]deepz-live doctor --json[/bold]
    """
    from deepz_live.cli.findings import look, show

    with quiet_output(json):
        findings = look()
    if json:
        print_json({"findings": [finding.as_dict() for finding in findings]})
    else:
        show(findings)
