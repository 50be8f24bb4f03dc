"""The look of the window: ``theme.INK`` and its like are the colours as they are now.

A colour taken once stays what it was: take it when painting, or in :func:`follow`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepz_live.gui.theme.colours import Colours, ThemeName, colours, theme_name
from deepz_live.gui.theme.icons import icon
from deepz_live.gui.theme.style import (
    apply_theme,
    dress,
    follow,
    parts_of,
    set_look,
    set_role,
    theme_change,
)

__all__ = [
    "Colours",
    "ThemeName",
    "apply_theme",
    "colours",
    "dress",
    "follow",
    "icon",
    "parts_of",
    "set_look",
    "set_role",
    "theme_change",
    "theme_name",
]

if TYPE_CHECKING:
    WINDOW: str
    PANEL: str
    FIELD: str
    PICTURE: str
    ON_PICTURE: str
    ON_PICTURE_DIM: str
    ON_PICTURE_KNOB: str
    LINE: str
    INK: str
    INK_DIM: str
    INK_OFF: str
    ALARM: str
    CAUTION: str
    GOOD: str
    KNOB: str
    DRIFT_COLOURS: dict[str, str]
else:

    def __getattr__(name: str) -> object:
        if name.isupper() and hasattr(Colours, name.lower()):
            return getattr(colours(), name.lower())
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
