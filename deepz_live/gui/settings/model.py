"""What the window remembers about its user from one day to the next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deepz_live.gui.theme import ThemeName

VERSION: Final = 1

Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/=]*$")]


class Settings(BaseModel):
    """One frozen state of it; changed by :meth:`model_copy`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = VERSION
    theme: ThemeName = "dark"
    tour_done: bool = False
    """Whether the tour was walked to its end, or skipped."""
    geometry: Base64 = ""
    """Place and size of the window as Qt keeps them, base64."""
    layout: Base64 = ""
    """Docks and toolbars as Qt keeps them, base64."""
    preset: str = ""
    """The arrangement of docks that was chosen last; empty for one of one's own."""
    folders: dict[str, Path] = Field(default_factory=dict)
    """Where each kind of file was last looked for, by kind (``profile``, ``recordings`` …)."""
    view: dict[str, Any] = Field(default_factory=dict)
    """What the panes showed, in the view's own words."""


def read_settings(raw: object) -> tuple[Settings, tuple[str, ...]]:
    """The settings in ``raw``, key by key; a sentence for each key that was left out.

    What cannot be understood never stands in the way: it is left at its default.
    """
    if not isinstance(raw, Mapping):
        return Settings(), (
            f"The settings are {type(raw).__name__} instead of names with values; the window "
            "starts with its defaults.",
        )
    good: dict[str, Any] = {}
    troubles: list[str] = []
    found = raw.get("version", VERSION)
    if found != VERSION:
        troubles.append(
            f"The settings have version {found!r} instead of {VERSION}; what this program knows "
            "of them is used."
        )
    for key, value in raw.items():
        if key == "version":
            continue
        if key not in Settings.model_fields:
            troubles.append(f"Setting {key!r} is not known to this version; it was left out.")
            continue
        try:
            good[key] = getattr(Settings.model_validate({key: value}), key)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            troubles.append(
                f"Setting {key!r} is {_short(value)} and cannot be used ({reason}); its default "
                "is used instead."
            )
    return Settings(**good), tuple(troubles)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]} …"
