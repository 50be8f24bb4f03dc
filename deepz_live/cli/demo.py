"""``demo``: the window on the built-in microscope with the shipped model."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from deepz_live.cli import options
from deepz_live.cli.base import app, guarded, quiet_output, say
from deepz_live.cli.stream import finish

HEADLESS_SECONDS = 20.0
HEADLESS_FOLDER = Path("recordings") / "demo"


@app.command()
@guarded
def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Draw the window offscreen and keep a screenshot.")
    ] = False,
    seconds: options.Seconds = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the recording (session) and the screenshot (window.png)."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Watch the built-in microscope refocused live: no hardware is needed.

    Without a display it runs offscreen and leaves a screenshot.

    Example: [bold]deepz-live demo --headless --seconds 20 --out recordings/demo[/bold]
    """
    from deepz_live.cli.windowed import demo_window

    if not headless and not has_display(sys.platform, os.environ):
        say("No display found: running headless; the window goes into a screenshot.")
        headless = True
    if headless:
        seconds = seconds or HEADLESS_SECONDS
        out = out or HEADLESS_FOLDER
        say(f"Running {seconds:g} s; recording into {out / 'session'}.")
    with quiet_output(json):
        summary = demo_window(out=out, seconds=seconds, offscreen=headless)
    finish(summary, json)


def has_display(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether a window can open; only Linux machines are commonly without a screen."""
    if not platform.startswith("linux"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
