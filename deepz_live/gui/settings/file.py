"""The settings on disk: one small file that is whole or not there, and never in the way."""

from __future__ import annotations

import json
from pathlib import Path

from platformdirs import user_config_path

from deepz_live.gui.settings.model import Settings, read_settings
from deepz_live.session.files import replace_file

KEPT = ".unreadable"
"""Ending of the copy that is kept of a file which could not be read."""


class SettingsError(RuntimeError):
    """The settings could not be written; the sentence says why and what to do."""


def default_settings_path() -> Path:
    """Where the settings of this user lie: the system's folder for such files."""
    return user_config_path("deepz-live", appauthor=False) / "settings.json"


def load_settings(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """The settings of ``path`` and what was wrong with them, as sentences; never raises.

    A file that is not JSON at all is kept beside the new one, in case it was written by hand.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(), ()
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), (_unreadable(path, error),)
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Settings(), (_unreadable(path, error) + _keep(path),)
    return read_settings(raw)


def save_settings(path: Path, settings: Settings) -> None:
    """Write the settings; a reader sees the old or the new ones, never a mixture.

    Raises
    ------
    SettingsError
        The folder or the file cannot be written.
    """
    content = settings.model_dump_json(indent=1).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    except OSError as error:
        raise SettingsError(
            f"The settings could not be written to {path} ({error.strerror or error}); the window "
            "will look as before when it is opened again. Make the folder writable."
        ) from error


def _unreadable(path: Path, error: Exception) -> str:
    return f"The settings in {path} cannot be read ({error}); the window starts with its defaults."


def _keep(path: Path) -> str:
    kept = path.with_name(path.name + KEPT)
    try:
        path.replace(kept)
    except OSError:
        return ""
    return f" The file was kept as {kept.name}."
