"""Icons for foreign widgets come from this package."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pymmcore_widgets
from PyQt6.QtSvg import QSvgRenderer

from deepz_live.gui.devices.icons import STAND_INS, UNKNOWN, shipped_name, svg_path, svg_text

ROOT = Path(pymmcore_widgets.__file__).parent
UNUSED = (
    "hcs/", "_stage_explorer", "_rois", "views/", "_log.py", "_snap_button", "_live_button",
    "_shutter_widget", "_preview", "_install",
)  # fmt: skip
"""Widgets that this program does not show."""
KEY = re.compile(r"[\"']([a-z][a-z0-9-]*:[a-z0-9-]+)[\"']")


def keys_of_the_widgets():
    found = set()
    for file in ROOT.rglob("*.py"):
        place = file.relative_to(ROOT).as_posix()
        if not any(part in place for part in UNUSED):
            found |= set(KEY.findall(file.read_text(encoding="utf-8")))
    return sorted(found)


def test_every_icon_that_a_shown_widget_asks_for_is_shipped_and_no_other():
    keys = keys_of_the_widgets()
    assert len(keys) > 50
    assert [key for key in keys if shipped_name(key) is None] == []
    folder = Path(str(files("deepz_live.gui") / "icons" / "mdi"))
    shipped = {file.stem for file in folder.glob("*.svg")}
    assert shipped - {shipped_name(key) for key in keys} == set()
    assert "Apache License" in (folder / "LICENSE").read_text(encoding="utf-8")


def test_an_icon_is_a_drawing_in_the_colour_that_was_asked_for(qapp):
    for key in ("mdi:chevron-up", "bi:sign-stop-fill", "no:such-icon"):
        text = svg_text(key, "#ff0000")
        assert "#ff0000" in text
        assert "currentColor" not in text
        assert QSvgRenderer(text.encode()).isValid()


def test_the_library_gets_a_file_and_needs_no_network(monkeypatch, tmp_path):
    monkeypatch.setattr("deepz_live.gui.devices.icons._folder", lambda: tmp_path)
    path = svg_path("mdi", "camera", color="gray")
    assert path.parent == tmp_path
    assert path.read_text(encoding="utf-8") == svg_text("mdi:camera", "gray")
    assert svg_path("mdi:camera", color="gray") == path


def test_what_is_not_known_is_a_question_mark():
    assert svg_text("no:such-icon", "red") == svg_text(f"mdi:{UNKNOWN}", "red")
    assert all(shipped_name(key) for key in STAND_INS)
