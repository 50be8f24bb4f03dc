"""The sheet under ? cannot be wrong: it is read off the window."""

from __future__ import annotations

from collections import Counter

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QKeySequence, QShortcut
from PyQt6.QtWidgets import QAbstractButton, QLabel

from deepz_live.gui.contrast.part import ContrastPart
from deepz_live.gui.keys.table import MOUSE, key_rows

WAIT_MS = 20_000
NATIVE = QKeySequence.SequenceFormat.NativeText


def all_keys(window):
    """Every key that does something in the window, however it was tied."""
    keys = Counter()
    for action in window.findChildren(QAction):
        for sequence in action.shortcuts():
            keys[sequence.toString(NATIVE)] += 1
    for button in window.findChildren(QAbstractButton):
        if not button.shortcut().isEmpty():
            keys[button.shortcut().toString(NATIVE)] += 1
    for shortcut in window.findChildren(QShortcut):
        keys[shortcut.key().toString(NATIVE)] += 1
    return keys


def test_every_key_of_the_window_is_on_the_sheet_and_does_one_thing(opened):
    window = opened()
    keys = all_keys(window)
    listed = [key for row in key_rows(window) for key in row.keys.split(", ")]
    assert sorted(listed) == sorted(keys)
    assert [key for key, times in keys.items() if times > 1] == []
    assert {"?", "R", "Space", "Ctrl+Z", "F"} <= set(keys)


def test_what_is_done_often_has_a_key(opened):
    texts = {row.text for row in key_rows(opened())}
    wanted = {
        "Record", "Fit all", "Zoom in", "Selected plane up", "Select next pane",
        "Undo view change", "Set drift reference", "Sample search", "Recording", "Open profile",
    }  # fmt: skip
    assert wanted <= texts


def test_the_question_mark_opens_the_sheet_and_the_picture_goes_on(qtbot, opened):
    window = opened()
    help_part = window.parts[-1]
    qtbot.keyClick(window, Qt.Key.Key_Question)
    sheet = help_part.sheet
    assert sheet.isVisible()
    assert not sheet.isModal()
    words = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"Undo view change", "Ctrl+Z", MOUSE[0][0], "View", "Microscope"} <= words
    seen = window.shown.latest_frame().index
    qtbot.waitUntil(lambda: window.shown.latest_frame().index > seen + 2, timeout=WAIT_MS)
    window.actions_by_key["keys"].trigger()
    assert help_part.sheet is None


def test_tab_selects_panes_but_goes_from_box_to_box_in_a_panel(qtbot, opened):
    window = opened()
    window.activateWindow()
    panel = next(part.panel for part in window.parts if isinstance(part, ContrastPart))
    window.docks["contrast"].show()
    window.view.select(1)
    panel.low.setFocus()
    qtbot.waitUntil(panel.low.hasFocus, timeout=WAIT_MS)
    qtbot.keyClick(panel.low, Qt.Key.Key_Tab)
    assert panel.high.hasFocus()
    assert window.view.selected == 1
    window.knob.ruler.setFocus()
    qtbot.waitUntil(window.knob.ruler.hasFocus, timeout=WAIT_MS)
    qtbot.keyClick(window.knob.ruler, Qt.Key.Key_Tab)
    assert window.view.selected == 2


def test_a_tip_says_the_key(opened):
    window = opened()
    for action in window.actions_by_key.values():
        if action.shortcuts():
            assert action.shortcuts()[0].toString() in action.toolTip()
