"""Neurons over their recording: circles, traces, clusters, and the way between them."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import record_session, shown_bar
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QApplication
from tilted import painted, part_of

from deepz_live.app.analyze.neuron_colours import QUIET, colour
from deepz_live.gui.neurons.panel import EMPTY
from deepz_live.gui.neurons.rings import FAINT
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut
from deepz_live.session.reader import read_session
from tests.neurons_made import DEPTHS_UM, GROUPS, finding, places_px, results_of

WAIT_MS = 20_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def folder(tmp_path, raw):
    """A recording of twenty frames."""
    return record_session(tmp_path / "worm", raw)


def replay(qtbot, window, folder):
    """Stand at its first frame, refocused."""
    window.open_replay(folder)
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    window.transport.play(False)
    go(qtbot, window, 0)


def go(qtbot, window, frame):
    window.transport.seek(frame)
    qtbot.waitUntil(lambda: shown_bar(window.grid.raw.picture) == frame, timeout=WAIT_MS)
    part = part_of(window, "NeuronsPart")
    qtbot.waitUntil(
        lambda: part._result is not None and part._result.frame.index == frame, timeout=WAIT_MS
    )


def opened_in(qtbot, window):
    part = part_of(window, "NeuronsPart")
    qtbot.waitUntil(lambda: part.results is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.grid.raw.rings != (), timeout=WAIT_MS)
    return part


@pytest.fixture
def window(qtbot, opened, folder):
    """The recording is replayed, and its neurons lie beside it."""
    results_of(folder.parent / "worm_neurons", read_session(folder))
    window = opened()
    replay(qtbot, window, folder)
    opened_in(qtbot, window)
    return window


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(300, 300), copy, data, LEFT, no_keys))
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), copy, data, LEFT, no_keys))


def circled(pane, *, full=None):
    """Neurons (indices) that have a circle in a pane, told by its place."""
    found = set()
    for rings in pane.rings:
        if full is None or (rings.opacity == 1.0) == full:
            for centre in rings.centres:
                away = np.hypot(*(places_px() + 0.5 - np.array(centre)).T)
                assert away.min() < 0.1
                found.add(int(np.argmin(away)))
    return found


def at_depth(*depths):
    return {n for n in range(10) if DEPTHS_UM[n % 5] in depths}


def click(qtbot, pane, neuron):
    y, x = places_px()[neuron] + 0.5
    spot = pane.canvas.spot(y, x).toPoint()
    qtbot.mouseClick(pane.canvas.viewport(), LEFT, pos=spot)


def pane_of(window, cut):
    """The first pane that shows it."""
    return next(pane for pane in window.grid.panes if pane.cut == cut)


def test_neurons_beside_a_recording_are_found_and_its_panel_says_they_are_inferred(window):
    part = part_of(window, "NeuronsPart")
    assert window.docks["neurons"].isVisible()
    assert "10 neurons, 9 active, 2 clusters" in part.panel.head.text()
    assert "inferred from refocused planes, not measured" in part.panel.head.text()
    assert part.panel.rows == (
        "C1 · 5 neurons", "C2 · 4 neurons", "not active, or in no group · 1 neurons",
    )  # fmt: skip
    assert "10 neurons of this recording" in window.status_line.cursor_text


def test_a_plane_shows_those_near_it_full_and_the_others_faint(qtbot, window):
    view = window.view
    view.set_cut(1, PlaneCut(3.0))
    pane = window.grid.panes[1]
    assert circled(pane, full=True) == at_depth(3.0)
    assert circled(pane, full=False) == set(range(10)) - at_depth(3.0)
    assert {rings.opacity for rings in pane.rings} == {1.0, FAINT}
    full = painted(pane, colour(2))
    view.set_cut(1, PlaneCut(8.5))
    assert circled(pane, full=True) == set()
    assert painted(pane, colour(2)) < full
    assert circled(window.grid.raw, full=True) == at_depth(0.0)


def test_projections_show_all_and_sections_what_they_cut(qtbot, window):
    view = window.view
    view.set_cut(1, ProjectionCut("max"))
    assert circled(window.grid.panes[1], full=True) == set(range(10))
    y, x = places_px()[2] + 0.5
    view.cross((float(y), float(x)))
    (pane,) = [pane for pane in window.grid.panes if isinstance(pane.cut, SectionCut)]
    centres = sorted(centre for rings in pane.rings for centre in rings.centres)
    # The first row of five, each at its depth: lowest plane −10 µm, planes 1 µm thick.
    wanted = sorted(
        ((DEPTHS_UM[n] + 10.5) / 0.325, float(places_px()[n, 1] + 0.5)) for n in range(5)
    )
    np.testing.assert_allclose(centres, wanted, atol=0.01)


def test_circles_have_the_colours_of_their_clusters(window):
    window.view.set_cut(1, ProjectionCut("max"))
    pane = window.grid.panes[1]
    colours = {}
    for rings in pane.rings:
        for centre in rings.centres:
            away = np.hypot(*(places_px() + 0.5 - np.array(centre)).T)
            colours[int(np.argmin(away))] = rings.colour
    assert colours == {n: colour(GROUPS[n]) for n in range(10)}
    assert colour(0) == QUIET
    for group in (1, 2):
        assert painted(pane, colour(group)) > 5


def test_a_click_on_a_circle_marks_the_neuron_and_shows_its_trace(qtbot, window):
    part, pane = part_of(window, "NeuronsPart"), window.grid.panes[1]
    window.view.set_cut(1, PlaneCut(-3.0))
    click(qtbot, pane, 6)
    assert part.marked == part.panel.table.marked == (6,)
    times, values = part.panel.traces.shown
    np.testing.assert_allclose(times, finding().times_s, atol=1e-4)
    np.testing.assert_allclose(values, finding().activity.relative[6], atol=1e-5)
    assert part.panel.what.text().startswith("Neuron 7 · C2 · depth −3.0 µm (inferred)")
    assert not part.panel.traces.heat.isVisible()
    thick = [rings for rings in pane.rings if rings.width > 2]
    assert [rings.label for rings in thick] == ["7"]
    np.testing.assert_allclose(thick[0].centres[0], places_px()[6] + 0.5, atol=0.01)
    picture = part.panel.traces.plot.grab().toImage()
    shades = {
        picture.pixelColor(x, y).name()
        for x in range(50, picture.width())
        for y in range(picture.height())
    }
    assert colour(2).lower() in shades


@pytest.mark.parametrize(("axis", "neuron"), [("xz", 3), ("yz", 1)])
def test_a_click_on_a_circle_in_a_section_marks_the_neuron_at_that_depth(
    qtbot, window, axis, neuron
):
    part, view = part_of(window, "NeuronsPart"), window.view
    y, x = places_px()[neuron] + 0.5
    view.cross((float(y), float(x)))
    view.set_cut(1, SectionCut(axis, float(y if axis == "xz" else x)))
    pane = window.grid.panes[1]
    depth = (DEPTHS_UM[neuron] + 10.5) / 0.325  # lowest plane −10 µm, planes 1 µm thick
    place = (depth, x) if axis == "xz" else (y, depth)
    spot = pane.canvas.spot(*place).toPoint()
    qtbot.mouseClick(pane.canvas.viewport(), LEFT, pos=spot)
    assert part.marked == part.panel.table.marked == (neuron,)
    spot = pane.canvas.spot(2.0, 2.0).toPoint()
    qtbot.mouseClick(pane.canvas.viewport(), LEFT, pos=spot)
    assert part.marked == (neuron,)


def test_a_click_beside_all_circles_leaves_the_mark(qtbot, window):
    part, pane = part_of(window, "NeuronsPart"), window.grid.raw
    click(qtbot, pane, 2)
    assert part.marked == (2,)
    qtbot.mouseClick(pane.canvas.viewport(), LEFT, pos=pane.canvas.spot(95, 60).toPoint())
    assert part.marked == (2,)
    qtbot.mouseClick(part.panel.none, LEFT)
    assert part.marked == part.panel.table.marked == ()
    assert all(rings.width < 2 for rings in pane.rings)


def choose(qtbot, part, row):
    view = part.panel.clusters
    spot = view.visualItemRect(view.item(row)).center()
    qtbot.mouseClick(view.viewport(), LEFT, pos=spot)


def test_a_click_on_a_cluster_marks_its_members_and_shows_them_with_their_mean(qtbot, window):
    part = part_of(window, "NeuronsPart")
    window.view.set_cut(1, ProjectionCut("max"))
    choose(qtbot, part, 1)
    members = tuple(np.flatnonzero(GROUPS == 2))
    assert part.marked == part.panel.table.marked == members
    thick = [rings for rings in window.grid.panes[1].rings if rings.width > 2]
    assert {rings.colour for rings in thick} == {colour(2)}
    assert sum(len(rings.centres) for rings in thick) == 4
    _, mean = part.panel.traces.shown
    relative = finding().activity.relative[list(members)]
    np.testing.assert_allclose(mean, relative.mean(axis=0), atol=1e-5)
    heat = part.panel.traces
    assert heat.heat.isVisible()
    assert heat.image.image.shape[0] == 4
    for row, member in enumerate(members):
        own = np.corrcoef(
            heat.image.image[row],
            np.interp(
                np.linspace(0.05, 1.85, heat.image.image.shape[1]),
                finding().times_s,
                finding().activity.relative[member],
            ),
        )
        assert own[0, 1] > 0.99
    assert part.panel.what.text().startswith("C2: 4 neurons")
    assert part.panel.clusters.currentRow() == 1
    click(qtbot, window.grid.raw, 2)
    assert part.panel.clusters.currentRow() == -1


def test_several_rows_are_marked_together(qtbot, window):
    part = part_of(window, "NeuronsPart")
    part.panel.table.selectRow(0)
    assert part.marked == (0,)
    part.panel.table.mark((0, 3, 8))
    part.panel.table.chosen.emit(part.panel.table.marked)
    assert part.marked == (0, 3, 8)
    assert part.panel.what.text().startswith("marked: 3 neurons")


def test_the_table_is_sorted_by_numbers_and_a_row_keeps_its_neuron(qtbot, window):
    part = part_of(window, "NeuronsPart")
    table = part.panel.table
    columns = {"z µm": 3, "activity": 4, "cluster": 5}
    model = table.model()
    for name, values in (
        ("z µm", [DEPTHS_UM[n % 5] for n in range(10)]),
        ("activity", finding().activity.deviation),
        ("cluster", GROUPS),
    ):
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            table.sortByColumn(columns[name], order)
            shown = [
                model.index(row, columns[name]).data(Qt.ItemDataRole.UserRole) for row in range(10)
            ]
            down = order == Qt.SortOrder.DescendingOrder
            np.testing.assert_allclose(shown, sorted(values, reverse=down), atol=1e-4)
    table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    click(qtbot, window.grid.raw, 7)
    assert table.row_of(7) not in (7,)
    assert [index.row() for index in table.selectionModel().selectedRows()] == [table.row_of(7)]
    assert model.index(table.row_of(7), 0).data() == "8"
    texts = [model.index(table.row_of(n), column).data() for n, column in ((0, 3), (7, 5), (0, 2))]
    assert texts == ["−6.0", "–", "19.5"]


def test_a_double_click_in_the_table_sends_the_nearest_plane_and_can_be_undone(qtbot, window):
    part, view = part_of(window, "NeuronsPart"), window.view
    view.space(4.0)
    before = view.state()
    planes = {n: cut.depth_um for n, cut in enumerate(view.cuts) if isinstance(cut, PlaneCut)}
    nearest = min(planes, key=lambda n: abs(planes[n] - 3.0))
    assert planes[nearest] != 3.0
    table = part.panel.table
    row = table.visualRect(table.model().index(table.row_of(8), 0)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=row)
    qtbot.mouseDClick(table.viewport(), LEFT, pos=row)
    assert part.marked == (8,)
    assert view.selected == nearest
    np.testing.assert_allclose(view.cross_at, places_px()[8] + 0.5, atol=0.01)
    now = {n: cut.depth_um for n, cut in enumerate(view.cuts) if isinstance(cut, PlaneCut)}
    assert now == planes | {nearest: 3.0}
    assert circled(window.grid.panes[nearest], full=True) == at_depth(3.0)
    view.undo()
    assert view.state() == before


def test_a_neuron_without_a_trace_is_shown_as_such(qtbot, opened, folder):
    out = results_of(folder.parent / "out", read_session(folder))
    lines = (out / "neurons.csv").read_text().splitlines()
    cells = lines[8].split(",")
    cells[6] = ""  # its F₀ was not above zero
    lines[8] = ",".join(cells)
    (out / "neurons.csv").write_text("\n".join(lines) + "\n")
    rows = [line.split(",") for line in (out / "traces.csv").read_text().splitlines()]
    rows = [rows[0], *([*row[:8], "", *row[9:]] for row in rows[1:])]
    (out / "traces.csv").write_text("\n".join(map(",".join, rows)) + "\n")
    window = opened()
    replay(qtbot, window, folder)
    part = opened_in(qtbot, window)
    table = part.panel.table
    table.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert table.row_of(7) == 0
    assert table.model().index(0, 4).data() == "–"
    click(qtbot, window.grid.raw, 7)
    assert part.marked == (7,)
    assert np.isnan(part.panel.traces.shown[1]).all()
    part.mark((6, 7))
    np.testing.assert_allclose(
        part.panel.traces.shown[1], finding().activity.relative[6], atol=1e-5
    )
    assert np.isfinite(part.panel.traces.levels).all()


def test_the_cursor_follows_the_replay_and_a_click_in_the_trace_goes_there(qtbot, window):
    part = part_of(window, "NeuronsPart")
    click(qtbot, window.grid.raw, 2)
    go(qtbot, window, 12)
    qtbot.waitUntil(lambda: part.panel.traces.seconds == pytest.approx(1.2), timeout=WAIT_MS)
    plot = part.panel.traces.plot
    scene = plot.plotItem.vb.mapViewToScene(QPointF(0.52, 0.0))
    qtbot.mouseClick(plot.viewport(), LEFT, pos=plot.mapFromScene(scene))
    qtbot.waitUntil(lambda: shown_bar(window.grid.raw.picture) == 5, timeout=WAIT_MS)
    assert window.transport.replay.position == 5
    assert part.panel.traces.seconds == pytest.approx(0.5)


def test_circles_follow_the_sample(qtbot, opened, folder):
    results_of(folder / "neurons", read_session(folder), step_px=3.0)
    window = opened()
    replay(qtbot, window, folder)
    part = opened_in(qtbot, window)
    click(qtbot, window.grid.raw, 5)
    for frame in (0, 4, 11):
        go(qtbot, window, frame)
        wanted = places_px()[5] + [0.5, 0.5 + 3 * frame]
        for pane in (window.grid.raw, window.grid.panes[1]):
            qtbot.waitUntil(
                lambda p=pane, w=wanted: np.allclose(marked_centre(p), w, atol=0.02),
                timeout=WAIT_MS,
            )
    assert part.marked == (5,)


def marked_centre(pane):
    (centre,) = [centre for rings in pane.rings if rings.width > 2 for centre in rings.centres]
    return centre


def test_while_the_view_is_held_on_the_sample_circles_stay_where_it_stays(qtbot, window):
    part = part_of(window, "NeuronsPart")
    click(qtbot, window.grid.raw, 5)
    window.view.hold_still(True)
    part._drift = type(part._result.drift)(0.0, 1.0, 0.65, -1.3, 0.9)  # 2 px down, 4 to the left
    part._draw()
    np.testing.assert_allclose(marked_centre(window.grid.raw), places_px()[5] + 0.5, atol=0.02)
    held = marked_centre(window.grid.panes[1])
    np.testing.assert_allclose(held, places_px()[5] + [0.5 - 2, 0.5 + 4], atol=0.02)


def test_without_the_panel_there_are_no_circles(qtbot, window):
    window.docks["neurons"].hide()
    qtbot.waitUntil(lambda: all(p.rings == () for p in window.grid.panes), timeout=WAIT_MS)
    window.docks["neurons"].show()
    qtbot.waitUntil(lambda: all(p.rings != () for p in window.grid.panes if
                                not isinstance(p.cut, SectionCut)), timeout=WAIT_MS)  # fmt: skip
    window.actions_by_key["neurons_close"].trigger()
    assert all(pane.rings == () for pane in window.grid.panes)
    assert part_of(window, "NeuronsPart").panel.head.text() == EMPTY


def test_a_dropped_folder_is_opened_over_its_recording(qtbot, opened, folder, tmp_path):
    window = opened()
    replay(qtbot, window, folder)
    (tmp_path / "far").mkdir()
    out = results_of(tmp_path / "far" / "neurons", read_session(folder))
    drop(window, out)
    part = opened_in(qtbot, window)
    assert part.results.folder == out
    other = record_session(tmp_path / "other", np.full((192, 208), 300, np.uint16), count=6)
    replay(qtbot, window, other)
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=WAIT_MS)
    assert part.results is None
    assert all(pane.rings == () for pane in window.grid.panes)


def test_neurons_of_another_recording_are_refused_with_what_to_open(
    qtbot, opened, folder, tmp_path, raw
):
    other = read_session(record_session(tmp_path / "b" / "other", raw, count=25))
    window = opened()
    drop(window, results_of(tmp_path / "b" / "out", other))
    qtbot.waitUntil(lambda: "but no recording is replayed" in window.banner.text, timeout=WAIT_MS)
    replay(qtbot, window, folder)
    drop(window, tmp_path / "b" / "out")
    qtbot.waitUntil(lambda: "open that one (Ctrl+E)" in window.banner.text, timeout=WAIT_MS)
    assert str(other.folder) in window.banner.text
    assert part_of(window, "NeuronsPart").results is None


def test_damaged_neurons_are_refused_and_those_that_are_open_stay(qtbot, window, tmp_path):
    part = part_of(window, "NeuronsPart")
    before = part.results
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "neurons.json").write_text("{}")
    drop(window, damaged)
    qtbot.waitUntil(lambda: "make them again" in window.banner.text, timeout=WAIT_MS)
    assert part.results is before


def test_another_model_keeps_neurons_and_marks(qtbot, window):
    part = part_of(window, "NeuronsPart")
    click(qtbot, window.grid.raw, 2)
    window.use(window.shown)
    assert part.marked == (2,)
    assert part.results is not None


def test_without_a_model_the_raw_frame_has_its_circles(qtbot, opened, folder):
    results_of(folder.parent / "out", read_session(folder))
    window = opened(None)
    window.open_replay(folder)
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    opened_in(qtbot, window)
    assert circled(window.grid.raw, full=True) == at_depth(0.0)
