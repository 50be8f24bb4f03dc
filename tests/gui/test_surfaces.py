"""Surfaces set, clicked, found and drawn in the real window, and seen in its panes."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from tilted import (
    EMPTY,
    PIXEL_UM,
    PLACES,
    TILT,
    height_at,
    painted,
    part_of,
    spot_of,
    tilted_scene,
    value_of,
)

from deepz_live.gui.surfaces.lines import CONTOUR
from deepz_live.gui.surfaces.state import KINDS
from deepz_live.image.dpm import Tilt, Uniform
from deepz_live.refocus.cuts import PlaneCut, SurfaceCut
from deepz_live.session.reader import read_session

WAIT_MS = 20_000
SHAPE = (192, 208)


@pytest.fixture
def window(qtbot, opened):
    engine, camera = tilted_scene()
    window = opened(engine, camera)
    qtbot.waitUntil(lambda: window.grid.panes[1].picture is not None, timeout=WAIT_MS)
    window.docks["surfaces"].show()
    return window


@pytest.fixture
def part(window):
    return part_of(window, "SurfacesPart")


def choose(part, kind):
    """As the hand does it, in the box of kinds."""
    part.panel.kind.setCurrentIndex(KINDS.index(kind))
    part.panel.kind.activated.emit(KINDS.index(kind))


def click(qtbot, pane, at):
    qtbot.mouseClick(pane.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot_of(pane, *at))


def depths_off(surface):
    return np.abs(surface.dpm(SHAPE, PIXEL_UM) - TILT.dpm(SHAPE, PIXEL_UM))


def test_a_tilt_is_shown_at_once_and_follows_its_angles(qtbot, window, part):
    choose(part, "tilt")
    part.panel.tilt.along_x.setValue(2.0)
    assert window.view.cuts[1] == PlaneCut(0.0)
    part.panel.show_button.click()
    assert window.view.cuts[1] == SurfaceCut(Tilt(2.0, 0.0))
    form = part.panel.tilt
    for box, value in ((form.along_x, 6.0), (form.along_y, -3.0), (form.level, 1.0)):
        box.setValue(value)
    assert window.view.cuts[1] == SurfaceCut(TILT)
    assert SurfaceCut(TILT) in window.live.live.view().cuts
    assert "tilt surface" in window.grid.panes[1].title
    pane = window.grid.panes[1]
    qtbot.waitUntil(lambda: min(value_of(pane, *bead) for bead in PLACES) > 200, timeout=WAIT_MS)
    window.view.undo()
    assert window.view.cuts[1] != SurfaceCut(TILT)


def test_contour_lines_tell_the_heights_and_can_be_left_out(qtbot, window, part):
    choose(part, "tilt")
    part.panel.tilt.along_x.setValue(6.0)
    part.panel.show_button.click()
    pane = window.grid.panes[1]
    lines = {line.label: line.points for line in pane.overlay}
    assert {"\N{MINUS SIGN}2 µm", "0 µm", "+2 µm"} <= set(lines)
    for label, height in (("0 µm", 0.0), ("+2 µm", 2.0)):
        columns = np.array(lines[label])[:, 1]
        wanted = SHAPE[1] / 2 + height / np.tan(np.deg2rad(6)) / PIXEL_UM
        assert columns == pytest.approx(np.full(len(columns), wanted), abs=2)
    assert all(other.overlay == () for other in window.grid.panes if other is not pane)
    before = painted(pane, CONTOUR, 12)
    assert before > 100
    part.panel.contours.setChecked(False)
    assert pane.overlay == ()
    assert painted(pane, CONTOUR, 12) < before / 4


def test_the_wheel_lifts_the_surface_and_its_labels(window, part):
    choose(part, "tilt")
    part.panel.tilt.along_x.setValue(6.0)
    part.panel.show_button.click()
    window.view.nudge(1, 5)
    assert window.view.cuts[1].offset_um == pytest.approx(1.0)
    lines = {line.label: line.points for line in window.grid.panes[1].overlay}
    wanted = SHAPE[1] / 2 + 1.0 / np.tan(np.deg2rad(6)) / PIXEL_UM
    assert np.mean(np.array(lines["+2 µm"])[:, 1]) == pytest.approx(wanted, abs=2)
    part.panel.tilt.along_x.setValue(5.0)
    assert window.view.cuts[1] == SurfaceCut(Tilt(5.0, 0.0), window.view.cuts[1].offset_um)


def test_the_surface_of_the_sample_is_found_and_shown_with_its_confidence(qtbot, window, part):
    window.actions_by_key["surface_auto"].trigger()
    qtbot.waitUntil(lambda: part.state.auto is not None, timeout=WAIT_MS)
    cut = window.view.cuts[1]
    assert isinstance(cut, SurfaceCut)
    assert np.median(depths_off(cut.surface)) < 0.1
    assert "tiles" in part.panel.auto.found.text()
    pane = window.grid.panes[1]
    qtbot.waitUntil(lambda: min(value_of(pane, *bead) for bead in PLACES) > 200, timeout=WAIT_MS)
    assert pane.overlay
    opacity = pane.tint[..., 3]
    assert opacity.shape == SHAPE
    assert min(opacity[bead] for bead in PLACES) > 20
    assert window.grid.raw.tint is None
    part.panel.auto.tint.setChecked(False)
    assert pane.tint is None


def test_clicked_points_carry_a_plane_each_at_its_own_depth(qtbot, window, part):
    window.actions_by_key["surface_pick"].trigger()
    assert part.panel.points.pick.isChecked()
    assert "0 of at least 3" in part.panel.missing.text()
    assert not part.panel.show_button.isEnabled()
    for count, (bead, number) in enumerate(((PLACES[0], 0), (PLACES[4], 2), (PLACES[-1], 1)), 1):
        click(qtbot, window.grid.panes[number], (bead[0] + 1, bead[1] - 2))
        qtbot.waitUntil(lambda n=count: len(part.state.points_um) == n, timeout=WAIT_MS)
        assert part.state.points_um[-1][0] == pytest.approx(height_at(*bead), abs=0.3)
    crosses = [line for line in window.grid.raw.overlay if len(line.points) == 1]
    assert crosses[0].points[0] == pytest.approx((PLACES[0][0] + 0.5, PLACES[0][1] + 0.5), abs=0.5)
    window.view.select(1)
    part.panel.show_button.click()
    surface = window.view.cuts[1].surface
    assert depths_off(surface).max() < 0.6
    part.panel.points.undo.click()
    assert len(part.state.points_um) == 2
    assert part.panel.missing.isVisible()


def test_a_click_on_nothing_is_no_point(qtbot, window, part):
    choose(part, "points")
    part.panel.points.pick.setChecked(True)
    click(qtbot, window.grid.panes[1], EMPTY)
    qtbot.waitUntil(
        lambda: "Nothing to focus on here" in part.panel.missing.text(), timeout=WAIT_MS
    )
    assert part.panel.missing.isVisible()
    assert part.state.points_um == []


def test_the_brush_raises_the_surface_where_it_is_drawn(qtbot, window, part):
    choose(part, "free")
    part.panel.show_button.click()
    pane = window.grid.panes[1]
    before, rect = window.view.cuts[1].surface, pane.view_rect
    part.panel.free.brush.setChecked(True)
    part.panel.free.by.setValue(3.0)
    stroke(pane, (100, 60), (100, 120))
    raised = window.view.cuts[1].surface
    assert raised != before
    dpm = raised.dpm(SHAPE, PIXEL_UM)
    assert dpm[100, 60] > 2
    assert dpm[100, 120] > 2
    assert abs(dpm[180, 190]) < 0.3
    assert pane.view_rect == rect
    qtbot.waitUntil(lambda: any("µm" in line.label for line in pane.overlay), timeout=WAIT_MS)
    stroke(pane, (100, 60), (100, 120), Qt.KeyboardModifier.ShiftModifier)
    lowered = window.view.cuts[1].surface.dpm(SHAPE, PIXEL_UM)
    assert abs(lowered[100, 90]) < 1.0
    part.panel.free.flatten.click()
    assert np.all(window.view.cuts[1].surface.dpm(SHAPE, PIXEL_UM) == 0)
    part.panel.free.brush.setChecked(False)
    assert not pane.canvas.brush


def stroke(pane, begin, end, modifier=Qt.KeyboardModifier.NoModifier):
    viewport = pane.canvas.viewport()
    spots = [
        spot_of(pane, *(a + (b - a) * step / 8 for a, b in zip(begin, end, strict=True)))
        for step in range(9)
    ]
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(viewport, left, modifier, spots[0])
    for spot in spots[1:]:
        move(viewport, spot, modifier)
    QTest.mouseRelease(viewport, left, modifier, spots[-1])


def move(viewport, spot: QPoint, modifier):
    """With the button held, which QTest.mouseMove does not do."""
    from PyQt6.QtCore import QEvent, QPointF
    from PyQt6.QtGui import QMouseEvent
    from PyQt6.QtWidgets import QApplication

    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(spot),
        QPointF(viewport.mapToGlobal(spot)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        modifier,
    )
    QApplication.sendEvent(viewport, event)


def test_the_brush_begins_on_what_was_found(qtbot, window, part):
    part.find()
    qtbot.waitUntil(lambda: part.state.auto is not None, timeout=WAIT_MS)
    choose(part, "free")
    assert np.median(depths_off(part.state.surface)) < 0.1


def test_what_is_too_steep_or_out_of_range_is_said_with_both_values(window, part):
    choose(part, "tilt")
    assert not part.panel.warning.isVisible()
    part.panel.tilt.along_x.setValue(44.0)
    text = part.panel.warning.text()
    assert part.panel.warning.isVisible()
    assert "rises 0.97 µm per µm, and the model follows 0.79" in text
    assert "beyond the model's -10.0 … +10.0 µm" in text
    part.panel.tilt.along_x.setValue(1.0)
    assert part.panel.warning.text() == ""


def test_a_cylinder_too_thin_for_the_field_says_so_and_panes_keep_the_last_one(window, part):
    choose(part, "cylinder")
    part.panel.cylinder.diameter.setValue(0.2)
    part.panel.show_button.click()
    before = window.view.cuts[1]
    assert isinstance(before, SurfaceCut)
    small = part.panel.cylinder.diameter
    small.setMinimum(0.01)
    small.setValue(0.03)
    assert "give a larger diameter" in part.panel.warning.text()
    assert window.view.cuts[1] == before
    small.setValue(0.3)
    assert window.view.cuts[1].surface.diameter_mm == pytest.approx(0.3)
    assert part.panel.warning.text() == ""


def test_a_surface_is_recorded_and_comes_back_with_the_recording(qtbot, window, part, tmp_path):
    choose(part, "tilt")
    part.panel.tilt.along_x.setValue(2.5)
    part.panel.show_button.click()
    folder = tmp_path / "recording"
    live = window.live.live
    live.start_recording(folder)
    part.find()
    qtbot.waitUntil(lambda: part.state.auto is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: live.status().recorded >= 5, timeout=WAIT_MS)
    wanted = window.view.cuts[1].surface
    live.stop_recording()
    events = read_session(folder).events
    views = [event for event in events if event.get("surfaces")]
    assert views[0]["surfaces"] == [{"surface": "tilt:2.5,0,0", "offset_um": 0.0}]
    notes = [event for event in events if event.get("how") == "auto"]
    assert notes[-1]["tiles"] > 10
    window.open_replay(folder)
    qtbot.waitUntil(lambda: part.state.kind == "recorded", timeout=WAIT_MS)
    assert part.state.surface == wanted
    part.panel.show_button.click()
    assert SurfaceCut(wanted) in window.view.cuts


def test_another_session_forgets_points_of_the_old_one(qtbot, window, part):
    part.state.points_um.append((1.0, 2.0, 3.0))
    part.use(window.shown)
    assert part.state.points_um == []
    assert part.state.uniform == Uniform(0.0)


def test_without_a_model_nothing_is_found_and_the_reason_is_given(opened):
    window = opened(None)
    window.actions_by_key["surface_auto"].trigger()
    assert "needs a model" in window.status_line.cursor_text
    window.actions_by_key["surface_show"].trigger()
