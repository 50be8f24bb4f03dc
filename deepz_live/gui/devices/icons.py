"""Icons for foreign widgets, from the files that this package ships.

The library behind them fetches each icon from a web service when it is first needed, on the GUI
thread; the PC of a microscope is often offline, and would wait for every one.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from deepz_live.gui.theme.icons import drawing

PLAIN = "#8a9199"
"""Grey that can be read on the dark and on the light theme."""
WIDGETS = "pymmcore_widgets"
UNKNOWN = "help-circle-outline"

STAND_INS: Mapping[str, str] = {
    "bi:sign-stop-fill": "octagon",
    "carbon:transpose": "table-pivot",
    "fa6-solid:wave-square": "square-wave",
    "fluent:delete-24-regular": "delete-outline",
    "fluent:document-add-24-regular": "file-plus-outline",
    "fluent:edit-off-20-regular": "pencil-off-outline",
    "fluent:folder-add-24-regular": "folder-plus-outline",
    "fluent:form-new-24-regular": "form-textbox",
    "fluent:save-copy-24-regular": "content-copy",
    "ic:baseline-power": "power",
    "ic:baseline-power-off": "power-plug-off-outline",
    "mynaui:letter-c-waves-solid": "alpha-c-circle-outline",
    "mynaui:letter-p-diamond": "alpha-p-circle-outline",
    "ph:tree-view": "file-tree",
}
"""Material Design icons for those of other sets that the widgets ask for."""


def ship_icons() -> None:
    """From now on such icons come from this package; harmless when called again.

    Better called before the foreign widgets are imported: some of them take the function along.
    """
    import pyconify
    import superqt.iconify

    taken = [module for name, module in sys.modules.items() if name.startswith(WIDGETS)]
    for module in (pyconify, superqt.iconify, *taken):
        if "svg_path" in vars(module):
            vars(module)["svg_path"] = svg_path


def read_icons() -> None:
    """Read all that are shipped; else fifty are read in the window's thread, for one panel."""
    for file in files("deepz_live.gui").joinpath("icons", "mdi").iterdir():
        svg_text(f"mdi:{file.name.removesuffix('.svg')}", PLAIN)


def svg_path(*key: str, color: str | None = None, **_look: Any) -> Path:
    """An SVG file for an icon key like ``mdi:chevron-up``; a question mark for an unknown one."""
    text = svg_text(":".join(key), color or PLAIN)
    path = _folder() / f"icon_{hashlib.sha256(text.encode()).hexdigest()[:16]}.svg"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Asked of the system once: a panel of devices has fifty icons."""
    return user_cache_path("deepz-live")


@lru_cache(maxsize=256)
def svg_text(key: str, colour: str) -> str:
    """The drawing itself."""
    name = shipped_name(key) or UNKNOWN
    return drawing(f"mdi/{name}").replace("currentColor", colour)


@lru_cache(maxsize=256)
def shipped_name(key: str) -> str | None:
    """The shipped icon for a key; None where there is none."""
    name = STAND_INS.get(key, key.removeprefix("mdi:"))
    path = files("deepz_live.gui").joinpath("icons", "mdi", f"{name}.svg")
    return name if path.is_file() else None
