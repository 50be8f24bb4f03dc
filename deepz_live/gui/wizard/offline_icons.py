"""Icons for foreign widgets, drawn here.

The library behind them fetches each icon from a web service when it is first needed, on the GUI
thread; the PC of a microscope is often offline, and would wait for every one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from deepz_live.gui import theme

_CHEVRON = {"up": "6,15 12,9 18,15", "down": "6,9 12,15 18,9",
            "left": "15,6 9,12 15,18", "right": "9,6 15,12 9,18"}  # fmt: skip
_TIMES = {"": 1, "double-": 2, "triple-": 3}
_CROSS = "M6 6 L18 18 M18 6 L6 18"
_PATHS = {
    "stop": "M8 3 H16 L21 8 V16 L16 21 H8 L3 16 V8 Z",
    "close": _CROSS,
    "delete": _CROSS,
    "remove": _CROSS,
    "plus": "M12 5 V19 M5 12 H19",
    "add": "M12 5 V19 M5 12 H19",
    "check": "M5 13 L10 18 L19 7",
    "pencil": "M5 19 L6 15 L16 5 L19 8 L9 18 Z",
    "alert": "M12 4 L21 20 H3 Z M12 10 V14 M12 16 V17",
    "camera": "M3 8 H8 L10 5 H14 L16 8 H21 V19 H3 Z M12 10 A3 3 0 1 0 12.01 10",
    "information": "M12 4 A8 8 0 1 0 12.01 4 M12 11 V16 M12 8 V9",
}
_OTHER = "M12 8 A4 4 0 1 0 12.01 8"


def draw_icons_here() -> None:
    """From now on such icons are drawn by this module; harmless when called again.

    To be called before the foreign widgets are imported: some of them take the function along.
    """
    import pyconify
    import superqt.iconify

    for module in (pyconify, superqt.iconify):
        vars(module)["svg_path"] = svg_path


def svg_path(*key: str, color: str | None = None, **_look: Any) -> Path:
    """An SVG file for an icon key like ``mdi:chevron-up``; a ring where none is known."""
    text = svg_text(":".join(key), color or theme.INK)
    folder = user_cache_path("deepz-live", ensure_exists=True)
    path = folder / f"icon_{hashlib.sha256(text.encode()).hexdigest()[:16]}.svg"
    if not path.is_file():
        path.write_text(text, encoding="utf-8")
    return path


def svg_text(key: str, colour: str) -> str:
    """The drawing itself."""
    name = key.split(":")[-1]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" '
        f'fill="none" stroke="{colour}" stroke-width="2">{_shape(name)}</svg>'
    )


def _shape(name: str) -> str:
    if name.startswith("chevron-"):
        return _chevrons(name.removeprefix("chevron-"))
    known = next((path for word, path in _PATHS.items() if word in name), _OTHER)
    return f'<path d="{known}"/>'


def _chevrons(rest: str) -> str:
    """``up``, ``double-left`` …: one, two or three angles side by side."""
    side = rest.split("-")[-1]
    times = _TIMES.get(rest.removesuffix(side), 1)
    across = side in ("left", "right")
    parts = []
    for number in range(times):
        shift = 5.0 * (number - (times - 1) / 2)
        move = f"{shift:g} 0" if across else f"0 {shift:g}"
        points = _CHEVRON.get(side, _CHEVRON["up"])
        parts.append(f'<polyline transform="translate({move})" points="{points}"/>')
    return "".join(parts)
