"""The panel keeps what went wrong, and gives it away for a letter."""

from __future__ import annotations

import sys
from datetime import datetime

import pytest
from PyQt6.QtWidgets import QApplication

from deepz_live.gui import theme
from deepz_live.gui.trouble.hook import mistakes_told
from deepz_live.gui.trouble.log import HOME, KEPT, TroubleLog
from deepz_live.gui.trouble.panel import NOTHING, TroublePanel


def fault(sentence="The stage stands at 3 µm instead of 5 µm."):
    try:
        raise RuntimeError(sentence)
    except RuntimeError as error:
        return error


@pytest.fixture
def panel(qtbot):
    panel = TroublePanel(TroubleLog(lambda: datetime.fromisoformat("2026-03-01T14:05:09")))
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_an_error_is_listed_with_its_time_and_in_the_colour_of_its_weight(panel):
    panel.add("error", "The camera was unplugged.")
    panel.add("warning", "The frame is darker than what the model was trained on.")
    rows = [panel.list.item(row) for row in range(panel.list.count())]
    assert [row.text() for row in rows] == [
        "14:05:09  The camera was unplugged.",
        "14:05:09  The frame is darker than what the model was trained on.",
    ]
    assert rows[0].foreground().color().name() == theme.ALARM
    assert rows[1].foreground().color().name() == theme.CAUTION


def test_copy_details_puts_sentence_origin_and_versions_on_the_clipboard(panel):
    error = fault()
    panel.add("error", str(error), error)
    panel.copy.click()
    text = QApplication.clipboard().text()
    assert text.startswith("2026-03-01 14:05:09 error: The stage stands at 3 µm instead of 5 µm.")
    assert "Traceback (most recent call last)" in text
    assert "deepz-live 0.1.0, Python" in text
    assert str(HOME) not in text


def test_the_details_of_an_older_trouble_are_shown_when_it_is_chosen(panel):
    panel.add("error", "One.")
    panel.add("error", "Two.")
    assert "Two." in panel.details.toPlainText()
    panel.list.setCurrentRow(0)
    assert "One." in panel.details.toPlainText()


def test_what_comes_again_is_counted_not_repeated(panel):
    for _ in range(3):
        panel.add("error", "The disk is full.")
    assert panel.list.count() == 1
    assert panel.list.item(0).text() == "14:05:09  The disk is full.  (3 times)"
    assert "3 times" in panel.details.toPlainText()


def test_old_troubles_are_forgotten_before_they_fill_memory(panel):
    for number in range(KEPT + 5):
        panel.add("error", f"Number {number}.")
    assert panel.list.count() == KEPT == len(panel.log)
    assert panel.list.item(0).text().endswith("Number 5.")


def test_clear_forgets(qtbot, panel):
    panel.add("error", "One.")
    with qtbot.waitSignal(panel.count_changed) as heard:
        panel.clear.click()
    assert heard.args == [0]
    assert panel.list.count() == 0
    assert panel.details.toPlainText() == NOTHING
    assert not panel.copy.isEnabled()


def test_a_mistake_that_nobody_caught_is_told_and_the_hook_goes_again(monkeypatch):
    told, printed = [], []
    before = lambda _, error, __: printed.append(error)  # noqa: E731
    monkeypatch.setattr(sys, "excepthook", before)
    error, stop = fault("A slot raised."), KeyboardInterrupt()
    with mistakes_told(told.append):
        sys.excepthook(type(error), error, error.__traceback__)
        sys.excepthook(KeyboardInterrupt, stop, None)
    assert told == [error]
    assert printed == [error, stop]
    assert sys.excepthook is before
