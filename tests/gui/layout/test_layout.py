"""Panels and panes: arranged by a preset, remembered, and never in the way of the start."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QAbstractItemView, QDialog, QLineEdit

from deepz_live.app.desk import Desk
from deepz_live.gui import theme
from deepz_live.gui.layout.part import LayoutPart
from deepz_live.gui.layout.view_words import ViewWordsError, state_from, words_of
from deepz_live.gui.main_window import MainWindow
from deepz_live.gui.settings.file import load_settings
from deepz_live.gui.theme.colours import LIGHT
from deepz_live.gui.view_controller import ViewState
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut

WAIT_MS = 20_000


@pytest.fixture(autouse=True)
def dark_again(qapp):
    yield
    theme.apply_theme(qapp, "dark")


@pytest.fixture
def bare(tmp_path):
    """``bare()``: a window without a session."""
    windows = []

    def make():
        window = MainWindow(Desk(), recordings=tmp_path)
        windows.append(window)
        window.show()
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()


def shown(window):
    return {key for key, dock in window.docks.items() if not dock.isHidden()}


def pictured(qtbot, window):
    """Every pane shows a picture."""
    qtbot.waitUntil(
        lambda: all(pane.picture is not None for pane in window.grid.panes), timeout=WAIT_MS
    )


def test_sample_search_shows_few_large_panes_and_the_stage(qtbot, opened):
    window = opened()
    pictured(qtbot, window)
    before = window.grid.panes[0].width()
    window.actions_by_key["preset_search"].trigger()
    assert window.view.cuts == (None, PlaneCut(0.0), ProjectionCut("max"))
    qtbot.waitUntil(lambda: shown(window) == {"stage", "camera"}, timeout=WAIT_MS)
    pictured(qtbot, window)
    qtbot.waitUntil(lambda: window.grid.panes[0].width() > 1.2 * before, timeout=WAIT_MS)
    raw, _, most = (pane.picture for pane in window.grid.panes)
    assert not np.array_equal(raw, most)


def test_recording_shows_all_depths_and_the_drift_and_undo_takes_the_panes_back(qtbot, opened):
    window = opened()
    pictured(qtbot, window)
    window.actions_by_key["preset_search"].trigger()
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "drift" in shown(window), timeout=WAIT_MS)
    assert not {"stage", "camera"} & shown(window)
    assert len(window.grid.panes) >= 6
    pictured(qtbot, window)
    window.actions_by_key["undo"].trigger()
    assert len(window.grid.panes) == 3


def test_every_panel_has_a_row_in_the_view_menu_that_shows_and_hides_it(qtbot, opened):
    window = opened()
    view = next(a.menu() for a in window.menuBar().actions() if a.text() == "&View")
    panels = next(a.menu() for a in view.actions() if a.text() == "&Panels")
    rows = {action.text(): action for action in panels.actions()}
    assert set(rows) == {dock.windowTitle() for dock in window.docks.values()}
    drift = window.docks["drift"]
    assert drift.isVisible()
    rows["Drift"].trigger()
    assert not drift.isVisible()
    rows["Drift"].trigger()
    assert drift.isVisible()


def test_the_window_comes_back_as_it_was_left(qtbot, opened, tmp_path):
    path = tmp_path / "settings.json"
    first = opened(settings=path)
    first.actions_by_key["preset_search"].trigger()
    qtbot.waitUntil(lambda: shown(first) == {"stage", "camera"}, timeout=WAIT_MS)
    first.docks["trouble"].show()
    first.view.set_cut(1, PlaneCut(3.5))
    first.actions_by_key["other_theme"].trigger()
    first.resize(1200, 700)
    left = shown(first)
    first.close()
    second = opened(settings=path)
    assert shown(second) == left == {"stage", "camera", "trouble"}
    assert second.view.cuts == (None, PlaneCut(3.5), ProjectionCut("max"))
    assert second.height() == 700  # the width is cut to the test's small screen
    assert second.keeper.now.theme == "light"
    assert second.banner.text == ""


def test_settings_that_cannot_be_used_warn_in_the_panel_and_the_window_opens(
    qtbot, opened, tmp_path
):
    path = tmp_path / "settings.json"
    path.write_text(
        json.dumps(
            {"version": 1, "layout": "AAAA", "view": {"panes": [{"hologram": 1}]}, "mood": 1}
        ),
        encoding="utf-8",
    )
    window = opened(settings=path)
    pictured(qtbot, window)
    panel = window.docks["trouble"].widget()
    told = " ".join(trouble.sentence for trouble in panel.log.troubles)
    assert "'mood' is not known" in told
    assert "layout of the last time" in told
    assert "hologram" in told
    assert {trouble.level for trouble in panel.log.troubles} == {"warning"}


def test_panels_as_at_first_puts_them_back(qtbot, opened):
    window = opened()
    at_first = shown(window)
    window.docks["drift"].setFloating(True)
    window.actions_by_key["preset_search"].trigger()
    qtbot.waitUntil(lambda: shown(window) == {"stage", "camera"}, timeout=WAIT_MS)
    window.actions_by_key["first_layout"].trigger()
    assert shown(window) == at_first
    assert not window.docks["drift"].isFloating()


def seen(widget):
    """Its pixels ``(Y, X, 4)``."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4).copy()


def settled(qtbot, window):
    """Its pixels when they change no more, seen again and again."""
    views = []

    def still():
        views.append(seen(window))
        return len(views) > 5 and all(np.array_equal(one, views[-1]) for one in views[-5:])

    qtbot.waitUntil(still, timeout=WAIT_MS)
    return views[-1]


def changing(window):
    (part,) = [part for part in window.parts if isinstance(part, LayoutPart)]
    return part._turns.busy


def test_a_theme_that_was_changed_looks_as_if_it_had_been_worn_from_the_start(qtbot, qapp, bare):
    theme.apply_theme(qapp, "light")
    wanted = settled(qtbot, bare())
    theme.apply_theme(qapp, "dark")
    window = bare()
    dark = settled(qtbot, window)
    window.actions_by_key["other_theme"].trigger()
    assert changing(window)
    qtbot.waitUntil(lambda: not changing(window), timeout=WAIT_MS)
    assert window.updatesEnabled()
    assert (np.abs(wanted.astype(int) - dark).max(axis=2) > 40).mean() > 0.2
    np.testing.assert_array_equal(settled(qtbot, window), wanted)


def test_panels_that_were_hidden_and_dialogs_that_come_later_wear_the_new_theme(qtbot, qapp, bare):
    window = bare()
    window.actions_by_key["other_theme"].trigger()
    qtbot.waitUntil(lambda: not changing(window), timeout=WAIT_MS)
    window.docks["trouble"].show()
    table = window.docks["trouble"].findChild(QAbstractItemView)
    assert QColor(*seen(table.viewport())[-2, -2, :3].tolist()).name() == LIGHT.field
    dialog = QDialog(window)
    line = QLineEdit(dialog)
    dialog.resize(300, 60)
    line.resize(200, 30)
    dialog.show()
    assert QColor(*seen(line)[15, 150, :3].tolist()).name() == LIGHT.field
    assert QColor(*seen(line)[0, 100, :3].tolist()).name() == LIGHT.line
    dialog.deleteLater()


def test_a_theme_that_is_changed_back_at_once_is_the_old_one(qtbot, qapp, bare):
    window = bare()
    before = settled(qtbot, window)
    window.actions_by_key["other_theme"].trigger()
    window.actions_by_key["other_theme"].trigger()
    qtbot.waitUntil(lambda: not changing(window), timeout=WAIT_MS)
    assert window.updatesEnabled()
    np.testing.assert_array_equal(settled(qtbot, window), before)


def test_nothing_is_painted_until_the_panels_of_a_preset_have_their_place(qtbot, opened):
    window = opened()
    pieces = [window.centralWidget(), *window.grid.panes, *window.docks.values()]
    window.actions_by_key["preset_search"].trigger()
    assert not any(piece.updatesEnabled() for piece in pieces)
    seen = [piece for piece in pieces if piece.isVisible()]
    painted = []

    def all_painted():
        painted.append(sum(piece.updatesEnabled() for piece in seen))
        return all(piece.updatesEnabled() for piece in pieces if not piece.isHidden())

    qtbot.waitUntil(all_painted, timeout=WAIT_MS)
    assert painted == sorted(painted)
    assert shown(window) == {"stage", "camera"}


def test_where_recordings_go_is_remembered(qtbot, opened, tmp_path):
    path, folder = tmp_path / "settings.json", tmp_path / "elsewhere"
    folder.mkdir()
    first = opened(settings=path)
    first.keeper.remember_folder("recordings", folder)
    first.close()
    assert load_settings(path)[0].folders == {"recordings": folder}
    assert opened(settings=path).recordings == folder


def test_words_for_panes_say_them_all():
    state = ViewState(
        (None, PlaneCut(-2.5), ProjectionCut("depth"), SectionCut("yz", 40.0)), 2, (10.0, 40.0)
    )
    words = json.loads(json.dumps(words_of(state)))
    back = state_from(words)
    assert back.cuts == (None, PlaneCut(-2.5), ProjectionCut("depth"), SectionCut("yz", 0.0))
    assert back.selected == 2


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"panes": []},
        {"panes": "raw"},
        {"panes": ["raw"] * 13},
        {"panes": [{"plane_um": "deep"}]},
        {"panes": [{"projection": "least"}]},
        {"panes": [7]},
    ],
)
def test_words_that_name_no_panes_are_refused(words):
    with pytest.raises(ViewWordsError, match="usual"):
        state_from(words)


def test_a_raw_pane_is_always_among_them():
    assert state_from({"panes": [{"plane_um": 1.0}], "selected": 5}) == ViewState(
        (None, PlaneCut(1.0)), 0
    )
