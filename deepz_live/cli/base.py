"""What all commands share: the typer app, the guard around errors, the JSON line at the end."""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any, ParamSpec

import typer
from rich.console import Console

P = ParamSpec("P")

app = typer.Typer(
    name="deepz-live",
    help="A live virtual z-stack from a single focal plane, at the microscope.",
    no_args_is_help=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

REFUSED = 2
"""Exit code when the input cannot be used; nothing has been done then."""
INTERRUPTED = 130
"""Exit code after Ctrl-C before the work was complete."""


class UsageError(ValueError):
    """Something typed on the command line that cannot be understood."""


def terminal() -> Console:
    """The console for people: standard error, so that standard output stays for results."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


def say(text: str) -> None:
    """One plain line for people, on standard error."""
    terminal().print(text, markup=False)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn the package's own errors into one sentence and exit code 2; end cleanly on Ctrl-C.

    Anything else is a mistake of ours and keeps its traceback.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            say("Stopped.")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            sentence = sentence_of(error)
            if sentence is None:
                raise
            say(f"Error: {sentence}")
            raise typer.Exit(REFUSED) from None

    return run


def sentence_of(error: BaseException) -> str | None:
    """What to tell the person about ``error``; None where only a traceback helps.

    The package's own exception classes carry a sentence; the operating system's carry a reason
    and a path.
    """
    if any(family.__module__.startswith("deepz_live.") for family in type(error).__mro__):
        return " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror}{where}."
    return None


@contextmanager
def quiet_output(active: bool) -> Iterator[None]:
    """While ``active``, send what libraries print to standard error: the result stays alone."""
    if not active:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def print_json(facts: Mapping[str, Any]) -> None:
    """The one JSON object on standard output; the last thing that a command does."""
    sys.stdout.write(json.dumps(plain(facts), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """``value`` as JSON knows it: numpy numbers become numbers, paths text, NaN null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
