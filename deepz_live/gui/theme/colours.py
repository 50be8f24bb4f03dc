"""The colours of the window, for a dark room and for a bright one.

Colour is used only where it means something; both sets give a colour the same meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import QCoreApplication

ThemeName = Literal["dark", "light"]


@dataclass(frozen=True, slots=True)
class Colours:
    """One set, each as ``#rrggbb``."""

    window: str
    panel: str
    field: str
    picture: str
    """Behind an image: dark in both, since light around a dark image hides what is faint in it."""
    on_picture: str
    """Scale bar, cursor and numbers over an image."""
    on_picture_dim: str
    on_picture_knob: str
    line: str
    ink: str
    ink_dim: str
    ink_off: str
    chosen: str
    """Behind what is selected."""
    bar: str
    """How far something has come."""
    alarm: str
    """Red: recording, or a lost frame."""
    caution: str
    """Amber: look here, but nothing is lost."""
    good: str
    """Green: measured, and found right."""
    knob: str
    """Cyan: everything that belongs to the chosen depth."""
    drift_y: str
    drift_x: str

    @property
    def drift_colours(self) -> dict[str, str]:
        """Colour of each axis of the drift."""
        return {"z": self.knob, "y": self.drift_y, "x": self.drift_x}


DARK = Colours(
    window="#131517",
    panel="#1a1d20",
    field="#0d0e10",
    picture="#0d0e10",
    on_picture="#b4bac0",
    on_picture_dim="#7f8790",
    on_picture_knob="#62aebd",
    line="#2b3035",
    ink="#b4bac0",
    ink_dim="#7f8790",
    ink_off="#4a5057",
    chosen="#33474c",
    bar="#35535a",
    alarm="#e2574c",
    caution="#d3a044",
    good="#6fae6a",
    knob="#62aebd",
    drift_y="#b58bd0",
    drift_x="#93b06a",
)

LIGHT = Colours(
    window="#e9ebed",
    panel="#f6f7f8",
    field="#ffffff",
    picture="#0d0e10",
    on_picture="#b4bac0",
    on_picture_dim="#7f8790",
    on_picture_knob="#62aebd",
    line="#c3c9cf",
    ink="#1d2226",
    ink_dim="#565e66",
    ink_off="#a1a8af",
    chosen="#bfe0e8",
    bar="#9fd0da",
    alarm="#b3261e",
    caution="#8a5a00",
    good="#2e6b2a",
    knob="#0b6a7d",
    drift_y="#7a3fa0",
    drift_x="#4d6b1f",
)

THEMES: dict[ThemeName, Colours] = {"dark": DARK, "light": LIGHT}
_PROPERTY = "deepz_theme"


def theme_name() -> ThemeName:
    """The theme that the application wears now; the dark one before any was put on."""
    app = QCoreApplication.instance()
    return "light" if app is not None and app.property(_PROPERTY) == "light" else "dark"


def wear(name: ThemeName) -> None:
    """From now on :func:`colours` are those of ``name``."""
    app = QCoreApplication.instance()
    if app is not None:
        app.setProperty(_PROPERTY, name)


def colours() -> Colours:
    """The colours as they are now."""
    return THEMES[theme_name()]
