"""A double click on a structure brings a pane to its depth of best focus."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from tilted import EMPTY, PLACES, height_at, painted, part_of, spot_of, tilted_scene, value_of

from deepz_live.gui import theme
from deepz_live.gui.focusing.part import SHOWN_TICKS
from deepz_live.refocus.cuts import PlaneCut, SectionCut

WAIT_MS = 20_000


@pytest.fixture
def window(qtbot, opened):
    engine, camera = tilted_scene()
    window = opened(engine, camera)
    qtbot.waitUntil(lambda: window.grid.panes[1].picture is not None, timeout=WAIT_MS)
    return window


def double_click(qtbot, pane, at):
    canvas = pane.canvas
    qtbot.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot_of(pane, *at))


def focused(qtbot, window):
    part = part_of(window, "ClickToFocusPart")
    qtbot.waitUntil(lambda: part.last is not None, timeout=WAIT_MS)
    return part.last


def test_a_double_click_in_a_plane_brings_that_plane_to_the_bead(qtbot, window):
    bead, number = PLACES[5], 5
    pane = window.grid.panes[number]
    before = value_of(pane, *bead)
    double_click(qtbot, pane, (bead[0] + 3, bead[1] - 2))
    found = focused(qtbot, window)
    assert found.depth_um == pytest.approx(height_at(*bead), abs=0.3)
    cut = window.view.cuts[number]
    assert isinstance(cut, PlaneCut)
    assert cut.depth_um == pytest.approx(height_at(*bead), abs=0.3)
    assert window.view.selected == number
    assert window.knob.value_um == pytest.approx(cut.depth_um, abs=0.06)
    assert window.live.live.view().cuts.count(cut) == 1
    assert pane.title.startswith(f"{cut.depth_um:+.1f}".replace("-", "\N{MINUS SIGN}"))
    qtbot.waitUntil(lambda: value_of(pane, *bead) > 240, timeout=WAIT_MS)
    assert value_of(pane, *bead) >= before
    (line,) = pane.overlay
    assert "(0." in line.label
    assert line.points[0] == pytest.approx((bead[0] + 0.5, bead[1] + 0.5), abs=0.5)
    assert painted(pane, theme.KNOB) > 3


def test_from_the_raw_frame_the_plane_goes_that_was_worked_with(qtbot, window):
    bead = PLACES[-2]
    window.view.select(6)
    part = part_of(window, "ClickToFocusPart")
    qtbot.waitUntil(lambda: part._plane == 6, timeout=WAIT_MS)
    double_click(qtbot, window.grid.raw, bead)
    focused(qtbot, window)
    assert window.view.cuts[0] is None
    assert window.view.cuts[6].depth_um == pytest.approx(height_at(*bead), abs=0.3)
    assert window.view.selected == 6


def test_a_section_is_clicked_where_it_cuts(qtbot, window):
    bead = PLACES[9]
    window.view.cross((bead[0] + 0.5, bead[1] + 0.5))
    (section,) = [pane for pane in window.grid.panes if isinstance(pane.cut, SectionCut)]
    qtbot.waitUntil(lambda: section.picture is not None, timeout=WAIT_MS)
    double_click(qtbot, section, (8, bead[1]))
    found = focused(qtbot, window)
    assert (found.y_px, found.x_px) == pytest.approx(bead, abs=1)
    assert isinstance(window.view.cuts[window.grid.panes.index(section)], SectionCut)


def test_where_nothing_is_nothing_moves_and_the_place_says_so(qtbot, window):
    before = window.view.cuts
    pane = window.grid.panes[1]
    double_click(qtbot, pane, EMPTY)
    assert not focused(qtbot, window).found
    assert window.view.cuts == before
    assert [line.label for line in pane.overlay] == ["nothing to focus on here"]
    assert painted(pane, theme.CAUTION) > 3
    part = part_of(window, "ClickToFocusPart")
    for _ in range(SHOWN_TICKS):
        part.slow_tick()
    assert pane.overlay == ()


def test_the_key_focuses_on_the_cross_and_can_be_undone(qtbot, window):
    bead = PLACES[3]
    window.view.select(1, (bead[0] + 0.5, bead[1] + 0.5))
    before = window.view.cuts[1]
    window.actions_by_key["focus_here"].trigger()
    focused(qtbot, window)
    assert window.view.cuts[1] != before
    window.view.undo()
    window.view.undo()
    assert window.view.cuts[1] == before


def test_without_a_model_there_is_nothing_to_ask(qtbot, opened):
    window = opened(None)
    double_click(qtbot, window.grid.raw, (20, 20))
    assert "needs a model" in window.status_line.cursor_text
