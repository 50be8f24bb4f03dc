"""The live path from the command line: ``live`` and ``replay``, and the bare window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from deepz_live.cli import options, parse
from deepz_live.cli.base import app, guarded, print_json, quiet_output, say


@app.callback(invoke_without_command=True)
@guarded
def main(context: typer.Context) -> None:
    """A live virtual z-stack from a single focal plane; without a command: the window, on the
    built-in microscope.

    Example: [bold]deepz-live demo[/bold]
    """
    if context.invoked_subcommand is None:
        from deepz_live.cli.windowed import first_window

        first_window()


@app.command()
@guarded
def live(
    profile: options.Profile = "simulated",
    model: options.Model = None,
    set_: options.Set = None,
    record: Annotated[
        Path | None, typer.Option(help="Record the frames into this session folder.")
    ] = None,
    seconds: options.Seconds = None,
    focus_lock: Annotated[
        bool,
        typer.Option("--focus-lock", help="Let the stage follow the measured drift of the sample."),
    ] = False,
    channels: Annotated[
        str,
        typer.Option(metavar="A,B", help="Take these channels in turn, each with its own model."),
    ] = "",
    headless: options.Headless = False,
    json: options.Json = False,
) -> None:
    """Refocus the camera stream of a microscope live, with the window or without it.

    Example: [bold]deepz-live live --profile simulated --headless --seconds 10 --json[/bold]
    """
    with quiet_output(json):
        if headless:
            from deepz_live.cli.headless import run_live as show
        else:
            from deepz_live.cli.windowed import live_window as show
        summary = show(
            profile,
            parse.overrides(set_ or []),
            model,
            record,
            seconds,
            focus_lock=focus_lock,
            channels=parse.names("--channels", channels),
        )
    finish(summary, json)


@app.command()
@guarded
def replay(
    session: Annotated[Path, typer.Argument(help="Folder of a recorded session.")],
    model: options.Model = None,
    channel_model: options.ChannelModel = None,
    speed: Annotated[
        str, typer.Option(help="1 is real time; max refocuses every frame as fast as it can.")
    ] = "1",
    headless: options.Headless = False,
    json: options.Json = False,
) -> None:
    """Send a recorded session through the live path again.

    Each channel is refocused with the model that it was recorded with, or is given now.

    Example: [bold]deepz-live replay recordings/embryo --speed max --headless --json[/bold]
    """
    with quiet_output(json):
        if headless:
            from deepz_live.cli.headless import run_replay as show
        else:
            from deepz_live.cli.windowed import replay_window as show
        own = parse.channel_models(channel_model or [])
        summary = show(session, model, parse.speed(speed), own)
    finish(summary, json)


def finish(summary: dict[str, Any], json: bool) -> None:
    """The end of a live run: the JSON object, or the same in words."""
    if json:
        print_json(summary)
        return
    for key, value in summary.items():
        if value is not None:
            say(f"{key.replace('_', ' '):>24}  {value}")
