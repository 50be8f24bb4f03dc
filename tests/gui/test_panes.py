"""Panes in the real window: as many as asked, each with its cut, seen in its pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtTest import QTest

from deepz_live.gui.pane_menu import pane_menu
from deepz_live.gui.panes.canvas import Legend
from deepz_live.gui.panes.colours import colour_table
from deepz_live.gui.panes.grid import MOST_PANES
from deepz_live.gui.panes.overlay import LEAST_RING, Line, Rings
from deepz_live.gui.panes.pane import HEAD_GAP_PX, Pane
from deepz_live.gui.panes.titles import fitted
from deepz_live.image.levels import Levels
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut
from deepz_live.session.reader import read_session
from deepz_live.session.replay import ReplaySource

WAIT_MS = 20_000


def choose(window, pane: int, text: str) -> None:
    menu = pane_menu(window, window.view, pane)
    (action,) = [action for action in menu.actions() if action.text() == text]
    action.trigger()
    menu.deleteLater()


def shown(qtbot, window, pane: int, ndim: int = 2):
    """The pane's picture, made for its cut."""

    def there() -> bool:
        results = window.live._results
        grid = window.grid.panes[pane]
        return (
            bool(results)
            and grid.cut in results[-1].cuts
            and grid.picture is not None
            and grid.picture.ndim == ndim
        )

    qtbot.waitUntil(there, timeout=WAIT_MS)
    return window.grid.panes[pane].picture


def test_every_choice_of_the_menu_changes_the_picture(qtbot, opened, volume):
    window = opened()
    shown(qtbot, window, 2)
    choose(window, 2, "Maximum with depth in colour")
    picture = shown(qtbot, window, 2, ndim=3)
    brightest = volume.max(axis=0)
    y, x = np.unravel_index(brightest.argmax(), brightest.shape)
    assert picture[y, x].max() > 100
    assert picture[y, x].max() - picture[y, x].min() > 50  # a colour, not a grey
    assert "depth" in window.grid.panes[2].title
    assert window.grid.panes[2].canvas.legend.high == "+10.0 µm"
    choose(window, 2, "yz section through the cross")
    picture = shown(qtbot, window, 2)
    assert picture.shape == (volume.shape[1], volume.shape[0])
    assert "yz at x" in window.grid.panes[2].title
    choose(window, 2, "Mean projection")
    assert shown(qtbot, window, 2).shape == volume.shape[1:]
    choose(window, 2, "Raw frame, as measured")
    qtbot.waitUntil(lambda: window.grid.panes[2].title == "raw, measured", timeout=WAIT_MS)
    for pane in window.grid.panes:
        assert pane.cut is None or "inferred" in pane.title


def test_one_to_twelve_panes_each_with_a_picture(qtbot, opened):
    window = opened()
    shown(qtbot, window, 1)
    for _ in range(MOST_PANES):
        window.actions_by_key["add_pane"].trigger()
        window.view.turn(float(len(window.grid.panes)) - 6)
    assert len(window.grid.panes) == MOST_PANES
    shown(qtbot, window, MOST_PANES - 1)
    qtbot.waitUntil(
        lambda: all(pane.picture is not None for pane in window.grid.panes), timeout=WAIT_MS
    )
    for _ in range(MOST_PANES):
        window.actions_by_key["remove_pane"].trigger()
        window.view.select(len(window.view.cuts) - 1)
    assert [pane.cut for pane in window.grid.panes] == [None]
    window.actions_by_key["undo"].trigger()
    assert len(window.grid.panes) == 2


def test_a_click_selects_a_pane_and_moves_the_sections(qtbot, opened, volume):
    window = opened()
    shown(qtbot, window, 3)
    target = window.grid.panes[5]
    canvas = target.canvas
    spot = canvas.spot(40.0, 60.0).toPoint()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert target.selected
    assert window.knob.value_um == target.cut.depth_um
    y, x = window.view.cross_at
    assert abs(y - 40) < 2
    assert abs(x - 60) < 2
    (section,) = [p for p in window.grid.panes if isinstance(p.cut, SectionCut)]
    assert section.cut.at_px == y
    picture = shown(qtbot, window, 3)
    wanted = volume[:, int(y)]
    # The levels of a pane glide, so brighter stays brighter, and no more is claimed.
    assert np.corrcoef(picture.ravel(), wanted.ravel())[0, 1] > 0.8


def test_a_depth_turned_while_a_replay_stands_still_shows_that_depth(
    qtbot, opened, tmp_path, volume
):
    window = opened()
    window.live.live.start_recording(tmp_path / "s")
    qtbot.waitUntil(lambda: window.live.live.status().recorded >= 4, timeout=WAIT_MS)
    window.live.live.stop_recording()
    window.close()
    replay = ReplaySource(read_session(tmp_path / "s"), hold_at_end=True)
    window = opened(camera=replay)
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    shown(qtbot, window, 1)
    replay.pause()
    window.view.turn(4.0)
    shown(qtbot, window, 1)
    captured = window.live.live.status().captured
    window.view.turn(-7.0)
    shown(qtbot, window, 1)
    index = window.live._results[-1].cuts.index(PlaneCut(-7.0))
    np.testing.assert_array_equal(window.live._results[-1].images[index], volume[3])
    assert window.live.live.status().captured == captured


def test_lines_over_a_pane_are_painted(qtbot, opened):
    window = opened()
    shown(qtbot, window, 1)
    pane = window.grid.panes[1]
    pane.set_overlay((Line(((10.0, 10.0), (10.0, 150.0)), "2 µm", "#ff0000"),))
    at = pane.canvas.spot(10.0, 30.0).toPoint()
    image = pane.canvas.grab().toImage()
    reds = [image.pixelColor(at + QPoint(0, dy)) for dy in (-1, 0, 1)]
    assert any(colour.red() > 150 and colour.green() < 90 for colour in reds)


def test_a_badge_says_how_far_a_pane_can_be_trusted(qtbot):
    pane = Pane()
    qtbot.addWidget(pane)
    assert pane.badge == ""
    pane.set_badge("caution", "near the end of the trained range")
    assert pane.badge == "caution"
    assert "trained range" in pane._badge.toolTip()
    pane.set_badge("")
    assert not pane._badge.isVisibleTo(pane)


def test_a_badge_takes_its_room_from_the_title(qtbot):
    pane = Pane()
    qtbot.addWidget(pane)
    title = "max −10 … +10 µm · inferred"
    pane.set_title(title)
    pane.resize(2000, 200)
    pane.show()
    label = pane._title
    beside = pane._more.sizeHint().width() + HEAD_GAP_PX
    pane.resize(label.fontMetrics().horizontalAdvance(title) + beside, 200)
    assert label.text() == title  # it just fits
    pane.set_badge("caution")
    assert label.text() == "max · inferred"
    pane.set_badge("")
    assert label.text() == title


def test_a_pane_that_was_raw_says_no_stage_height_of_what_is_inferred(qtbot, opened):
    window = opened()
    window.actions_by_key["add_pane"].trigger()
    last = len(window.grid.panes) - 1
    pane = window.grid.panes[last]
    window.view.set_cut(last, None)
    qtbot.waitUntil(lambda: "stage z" in pane._side_text, timeout=WAIT_MS)
    window.view.set_cut(last, PlaneCut(1.0))
    qtbot.waitUntil(lambda: "–" in pane._side_text, timeout=WAIT_MS)
    assert "inferred" in pane.title
    assert "stage z" not in pane._side_text


def test_the_mouse_is_marked_in_no_section(opened):
    window = opened()
    window.grid.raw.hovered.emit((20.0, 30.0))
    for pane in window.grid.panes[1:]:
        wanted = None if isinstance(pane.cut, SectionCut) else (20.0, 30.0)
        assert pane.canvas.cursor_at == wanted
    assert any(isinstance(pane.cut, SectionCut) for pane in window.grid.panes)


def test_double_click_and_brush_tell_their_place(qtbot, opened):
    window = opened()
    shown(qtbot, window, 1)
    told, strokes = [], []
    window.grid.double_clicked.connect(lambda pane, at: told.append((pane, at)))
    window.grid.dragged.connect(lambda pane, at: strokes.append((pane, at)))
    pane = window.grid.panes[1]
    viewport, spot = pane.canvas.viewport(), pane.canvas.spot(50.0, 70.0).toPoint()
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=spot)
    ((number, (y, x)),) = told
    assert number == 1
    assert (abs(y - 50) < 2, abs(x - 70) < 2) == (True, True)
    before = pane.view_rect
    pane.set_brush(True)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=spot + QPoint(30, 0))
    assert strokes
    assert strokes[0][0] == 1
    assert pane.view_rect == before


def test_cuts_reach_the_session_as_the_panes_show_them(qtbot, opened):
    window = opened()
    shown(qtbot, window, 1)
    wanted = [pane.cut for pane in window.grid.panes if pane.cut is not None]
    assert list(window.live.live.view().cuts) == wanted
    assert PlaneCut(0.0) in wanted
    assert ProjectionCut("max") in wanted


def test_the_mouse_tells_place_and_counts_of_the_frame_and_of_the_pane(qtbot, opened, volume):
    window = opened()
    shown(qtbot, window, 6)
    window.grid.hovered.emit(6, (40.2, 60.9))
    raw = window.live._frames[-1].pixels[40, 60]
    inferred = volume[10 + 3, 40, 60]  # the pane at +3 µm
    assert window.status_line._cursor.text() == (
        f"x 19.8  y 13.1 µm   x 60  y 40 px   raw {raw} counts   inferred {inferred:.0f}"
    )
    window.grid.hovered.emit(0, (40.2, 60.9))
    assert "inferred" not in window.status_line._cursor.text()
    window.grid.hovered.emit(6, (4000.0, 60.9))
    assert window.status_line._cursor.text() == ""


def test_a_pane_that_was_removed_comes_back_as_new(qtbot, opened):
    window = opened()
    shown(qtbot, window, 7)
    last = window.grid.panes[7]
    last.set_overlay((Line(((1.0, 1.0), (9.0, 9.0))),))
    last.set_badge("alarm", "for the test")
    window.display.pin(last, "TexasRed", Levels(0.0, 1e6))
    window.view.remove(7)
    window.view.add(PlaneCut(2.0))
    picture = shown(qtbot, window, 7)
    assert window.grid.panes[7] is last
    assert last.overlay == ()
    assert last.badge != "alarm"
    assert last.title == "+2.0 µm · inferred"
    assert not window.display.pinned(last, "TexasRed")
    assert picture.max() > 200  # not dark, as it was with the levels set by hand


def test_rings_are_drawn_around_their_places_and_go_with_the_zoom(qtbot, opened):
    window = opened()
    pane = window.grid.raw
    magenta = "#ff00ff"
    pane.set_rings((Rings(((60.0, 80.0), (120.0, 150.0)), 10.0, magenta, width=3.0),))
    for _ in range(2):
        image = pane.canvas.viewport().grab().toImage()
        rect = pane.view_rect
        scale = pane.canvas.viewport().width() / rect.width()
        for y, x in ((60.0, 80.0), (120.0, 150.0)):
            spot = pane.canvas.spot(y, x)
            right = QPoint(round(spot.x() + 10 * scale), round(spot.y()))
            if image.rect().contains(right):
                seen = image.pixelColor(right)
                assert seen.red() > 200
                assert seen.green() < 120
                assert seen.blue() > 200
            inside = image.pixelColor(spot.toPoint())
            assert abs(inside.red() - inside.green()) < 20
        window.grid.zoom(0.5)
    assert 10 * scale > LEAST_RING * 2
    pane.reset()
    assert pane.rings == ()


def test_a_ring_is_never_too_small_to_be_seen_and_a_faint_one_lets_the_picture_through(
    qtbot, opened
):
    window = opened()
    pane = window.grid.raw
    counts = []
    for opacity in (1.0, 0.3):
        pane.set_rings((Rings(((60.0, 50.0),), 0.0, "#ff00ff", width=2.0, opacity=opacity),))
        image = pane.canvas.viewport().grab().toImage()
        spot = pane.canvas.spot(60.0, 50.0)
        edge = image.pixelColor(round(spot.x() + LEAST_RING), round(spot.y()))
        counts.append(edge.red() - edge.green())
    assert counts[0] > 150
    assert 30 < counts[1] < counts[0] / 2


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("max \N{MINUS SIGN}10 … +10 µm · inferred", "max · inferred"),
        ("xz at y = 83 µm · inferred", "xz y 83 µm · inferred"),
        ("+3.0 µm · inferred", "+3.0 µm · inferred"),
    ],
)
def test_a_title_is_shortened_before_it_is_folded(qapp, title, short):
    metrics = QFontMetrics(qapp.font())
    assert fitted(title, metrics.horizontalAdvance(title), metrics) == title
    assert fitted(title, metrics.horizontalAdvance(short), metrics) == short
    folded = fitted(title, metrics.horizontalAdvance("inferred"), metrics)
    assert folded.endswith("\ninferred")


def test_a_pane_that_was_taken_out_under_the_mouse_says_no_more(qtbot, opened):
    window = opened()
    told = []
    window.grid.hovered.connect(lambda pane, at: told.append((pane, at)))
    gone = window.grid.panes[-1]
    gone.hovered.emit((3.0, 4.0))
    assert told == [(len(window.grid.panes) - 1, (3.0, 4.0))]
    window.view.remove(len(window.grid.panes) - 1)
    told.clear()
    with qtbot.captureExceptions() as errors:
        gone.hovered.emit(None)  # the mouse leaves what was hidden under it
    assert told == []
    assert errors == []


class Painted(QObject):
    """How often a widget was painted on the screen."""

    def __init__(self, widget):
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _, event):  # noqa: N802 - Qt's name
        self.count += event.type() == QEvent.Type.Paint
        return False


GREY = np.full((8, 8), 90, np.uint8)
CHANGES = {
    "picture": lambda pane: pane.set_picture(GREY, QRectF(0, 0, 8, 8)),
    "note": lambda pane: pane.set_note("no model"),
    "tint": lambda pane: pane.set_tint(np.zeros((8, 8, 4), np.uint8), QRectF(0, 0, 8, 8)),
    "lines": lambda pane: pane.set_overlay((Line(((1, 1), (5, 5)), "", "#ffffff"),)),
    "legend": lambda pane: pane.set_legend(Legend(colour_table("viridis"), "low", "high")),
    "colours": lambda pane: pane.set_colours(colour_table("inferno")),
    "scale bar": lambda pane: pane.set_pixel_size(0.325),
    "cursor": lambda pane: pane.set_cursor((2.0, 3.0)),
    "cross": lambda pane: pane.set_cross((2.0, 3.0)),
    "zoom": lambda pane: pane.show_rect(QRectF(2, 2, 3, 3)),
    "zoomed by hand": lambda pane: pane.canvas.box.scaleBy((0.5, 0.5)),
    "panned by hand": lambda pane: pane.canvas.box.translateBy(x=1.0),
    "another cut": lambda pane: pane.set_cut(SectionCut("xz", 1.0)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_changes_in_a_pane_is_painted(qtbot, change):
    """A grab would paint it anyhow; on the screen nothing comes that was not asked for."""
    pane = Pane()
    qtbot.addWidget(pane)
    pane.resize(300, 300)
    pane.show_rect(QRectF(0, 0, 8, 8))
    pane.set_picture(GREY, QRectF(0, 0, 8, 8))
    painted = Painted(pane.canvas.viewport())
    pane.show()
    qtbot.waitUntil(lambda: painted.count > 0, timeout=WAIT_MS)
    QTest.qWait(0)
    before = painted.count
    change(pane)
    qtbot.waitUntil(lambda: painted.count > before, timeout=WAIT_MS)
