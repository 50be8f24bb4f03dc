"""Several channels in the real window: one is looked at, or all over each other."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from fakes import NAMES, SHAPE, Z_PLANES_UM, FakeEngine, TwoChannels
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from tilted import part_of, spot_of

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.desk import Desk
from deepz_live.config import Profile
from deepz_live.gui.channel_dialog import ChannelDialog
from deepz_live.gui.export.view import view_facts
from deepz_live.image.levels import blend
from deepz_live.refocus.cuts import ProjectionCut, SectionCut

WAIT_MS = 20_000


@pytest.fixture
def window(qtbot, opened, raw, volume):
    other = FakeEngine(volume[:, ::-1])
    window = opened(camera=TwoChannels(raw), engines={"FITC": other})
    qtbot.waitUntil(lambda: window.grid.panes[1].picture is not None, timeout=WAIT_MS)
    return window


def choose(window, index: int) -> None:
    window.channel_bar.choice.setCurrentIndex(index)
    window.channel_bar.choice.activated.emit(index)


def test_the_chosen_channel_is_shown_and_keeps_its_contrast(qtbot, window):
    bar = window.channel_bar
    assert [bar.choice.itemText(i) for i in range(3)] == [*NAMES, "all, overlaid"]
    assert bar.isVisibleTo(window)
    assert window.live._frames[-1].channel == "TexasRed"
    choose(window, 1)
    qtbot.waitUntil(
        lambda: bool(window.live._frames) and window.live._frames[-1].channel == "FITC",
        timeout=WAIT_MS,
    )
    qtbot.waitUntil(lambda: bool(window.live._results), timeout=WAIT_MS)
    assert window.live._results[-1].frame.channel == "FITC"
    raw = window.grid.raw
    faint, bright = (window.display.levels(raw, name) for name in NAMES)
    assert bright.high > 5 * faint.high
    assert "rounds/s, limit: switching" in window.status_line.text("channels")


def test_all_channels_over_each_other_are_of_one_moment(qtbot, window, tmp_path):
    choose(window, 2)
    grid = window.grid
    qtbot.waitUntil(
        lambda: grid.panes[1].picture is not None and grid.panes[1].picture.ndim == 3,
        timeout=WAIT_MS,
    )
    qtbot.waitUntil(lambda: grid.raw.picture.ndim == 3, timeout=WAIT_MS)
    pair = window.live.live.latest_pair()
    assert [result.frame.channel for result in pair] == list(NAMES)
    assert abs(pair[0].frame.index - pair[1].frame.index) == 1
    qtbot.waitUntil(lambda: bool(window.channel_bar.legend.text()), timeout=WAIT_MS)
    assert '(210, 0, 210)">TexasRed<' in window.channel_bar.legend.text()
    assert '(0, 210, 0)">FITC<' in window.channel_bar.legend.text()
    window.display.set_channel_colour("FITC", "yellow")
    qtbot.waitUntil(lambda: "(210, 210, 0)" in window.channel_bar.legend.text(), timeout=WAIT_MS)
    assert not window.grab().isNull()
    choose(window, 0)
    qtbot.waitUntil(lambda: grid.panes[1].picture.ndim == 2, timeout=WAIT_MS)
    assert window.channel_bar.legend.text() == ""


def test_colours_of_depth_are_explained_where_one_channel_is_shown(qtbot, window):
    window.view.set_cut(1, ProjectionCut("depth"))
    pane = window.grid.panes[1]
    qtbot.waitUntil(lambda: pane.canvas.legend is not None, timeout=WAIT_MS)
    choose(window, 2)
    qtbot.waitUntil(lambda: pane.canvas.legend is None, timeout=WAIT_MS)
    choose(window, 0)
    qtbot.waitUntil(lambda: pane.canvas.legend is not None, timeout=WAIT_MS)


@pytest.fixture
def modelled(qtbot, opened, raw, volume):
    """Each channel has a model of its own, and each model its name."""
    first, second = FakeEngine(volume), FakeEngine(volume[:, ::-1])
    first.bundle.name, second.bundle.name = "of-texas-red", "of-fitc"
    openers = SimpleNamespace(engine=lambda _path: FakeEngine(volume))
    engines = {"TexasRed": first, "FITC": second}
    window = opened(first, TwoChannels(raw), Desk(openers), engines=engines)
    qtbot.waitUntil(lambda: bool(window.live._results), timeout=WAIT_MS)
    return window


@pytest.mark.parametrize(
    ("index", "said", "written"),
    [
        (0, "model of-texas-red", "of-texas-red 000000000000"),
        (1, "model of-fitc", "of-fitc 000000000000"),
        (2, "models of-texas-red and of-fitc", "of-texas-red 000000000000, of-fitc 000000000000"),
    ],
)
def test_the_model_that_is_named_is_that_of_the_channel(qtbot, modelled, index, said, written):
    choose(modelled, index)
    assert modelled.status_line.text("bundle") == said
    count = 2 if index == 2 else 1
    qtbot.waitUntil(lambda: len(modelled.live._results) == count, timeout=WAIT_MS)
    facts = view_facts(modelled.shown, modelled.grid, modelled.live._results)
    assert facts["Bundle"] == written
    assert said.split(" ", 1)[1] in facts["Description"]


def test_a_bundle_that_no_channel_takes_is_said(qtbot, modelled, tmp_path):
    before = modelled.shown
    modelled.open_bundle(tmp_path)
    qtbot.waitUntil(lambda: modelled.shown is not before, timeout=WAIT_MS)
    sentence = "fake-bundle is used for no channel: TexasRed, FITC have models of their own"
    qtbot.waitUntil(lambda: sentence in modelled.banner.text, timeout=WAIT_MS)
    assert modelled.status_line.text("bundle") == "model of-texas-red"


def test_one_channel_has_no_choice(qtbot, opened):
    window = opened()
    assert not window.channel_bar.isVisibleTo(window)
    assert window.status_line.text("channels") == ""


def test_overlaid_channels_are_magenta_and_green_and_white_where_both_are_bright():
    first = np.array([[0, 200, 0, 255]], np.uint8)
    second = np.array([[0, 0, 100, 255]], np.uint8)
    assert blend({"magenta": first, "green": second}).tolist() == [
        [[0, 0, 0], [200, 0, 200], [0, 100, 0], [255, 255, 255]]
    ]


def test_the_built_in_worm_streams_both_channels_from_the_menu(qtbot, opened):
    """The dialogue, the desk, the wheel and the pump; both channels arrive and are told apart."""
    profile = Profile(
        name="worm",
        camera={"width_px": 64, "height_px": 64, "exposure_ms": 2.0},
        specimen={"kind": "worm"},
        filter_wheel={"switch_ms": 1.0},
    )
    with open_microscope(profile) as microscope:
        window = opened(None, desk=Desk(microscope=microscope), camera=microscope.camera_source())
        window.actions_by_key["channels"].trigger()
        (dialog,) = window.findChildren(ChannelDialog)
        assert dialog.names == NAMES
        dialog.boxes["FITC"].setChecked(False)
        dialog.boxes["TexasRed"].setChecked(False)
        assert not dialog.buttons.button(dialog.buttons.StandardButton.Ok).isEnabled()
        for box in dialog.boxes.values():
            box.setChecked(True)
        dialog.accept()
        qtbot.waitUntil(lambda: window.channel_bar.isVisibleTo(window), timeout=WAIT_MS)
        live = window.live.live
        qtbot.waitUntil(lambda: live.latest_frame("FITC") is not None, timeout=WAIT_MS)
        choose(window, 2)
        qtbot.waitUntil(
            lambda: window.grid.raw.picture is not None and window.grid.raw.picture.ndim == 3,
            timeout=WAIT_MS,
        )
        assert live.status().channels.channels == NAMES
        window.close()
        assert microscope.channel == "TexasRed"


def test_without_a_microscope_there_are_no_channels_to_choose(opened):
    window = opened()
    window.actions_by_key["channels"].trigger()
    assert "open a profile first" in window.banner.text


def scene(places):
    """``(Z, Y, X)`` float32: a bead at each (row, column), sharpest at its depth in µm."""
    volume = np.random.default_rng(3).normal(100.0, 3.0, (len(Z_PLANES_UM), *SHAPE))
    rows, columns = np.indices(SHAPE)
    for (row, column), depth_um in places.items():
        r2 = (rows - row) ** 2 + (columns - column) ** 2
        for plane, height_um in zip(volume, Z_PLANES_UM, strict=True):
            width = np.hypot(1.2, 0.4 * (height_um - depth_um))
            plane += 4000 / width**2 * np.exp(-r2 / (2 * width**2))
    return volume.astype(np.float32)


BOTH, FIRST, SECOND = (60, 60), (60, 150), (130, 60)


@pytest.fixture
def differing(qtbot, opened):
    """The channels have a bead at one place, at different depths, and one of their own each."""
    first, second = scene({BOTH: -4.0, FIRST: 2.0}), scene({BOTH: 5.0, SECOND: -6.0})
    middle = len(Z_PLANES_UM) // 2
    camera = TwoChannels(first[middle], other=second[middle])
    window = opened(engine=FakeEngine(first), camera=camera, engines={"FITC": FakeEngine(second)})
    qtbot.waitUntil(lambda: window.grid.panes[1].picture is not None, timeout=WAIT_MS)
    return window


@pytest.mark.parametrize(("axis", "depth_axis"), [("xz", 0), ("yz", 1)])
def test_sections_of_models_with_other_planes_lie_over_one_another(qtbot, opened, axis, depth_axis):
    first, second = scene({BOTH: -4.0}), scene({BOTH: 5.0})
    fewer = slice(2, -2)  # 8 µm each way, where the other knows 10
    middle = len(Z_PLANES_UM) // 2
    camera = TwoChannels(first[middle], other=second[middle])
    short = FakeEngine(second[fewer], Z_PLANES_UM[fewer])
    window = opened(engine=FakeEngine(first), camera=camera, engines={"FITC": short})
    choose(window, 2)
    window.view.set_cut(1, SectionCut(axis, float(BOTH[0])))
    pane = window.grid.panes[1]
    qtbot.waitUntil(lambda: pane.picture is not None and pane.picture.ndim == 3, timeout=WAIT_MS)
    layers = window.display.layers(pane)
    for name, depth_um in zip(NAMES, (-4.0, 5.0), strict=True):
        assert layers[name].shape[depth_axis] == len(Z_PLANES_UM) - 4
        brightest = np.unravel_index(np.argmax(layers[name]), layers[name].shape)
        assert Z_PLANES_UM[fewer][brightest[depth_axis]] == depth_um


def focused_at(qtbot, window, place):
    """Where a double click at a place finds the best focus, µm."""
    part = part_of(window, "ClickToFocusPart")
    part.last = None
    pane = window.grid.panes[1]
    qtbot.mouseDClick(pane.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot_of(pane, *place))
    qtbot.waitUntil(lambda: part.last is not None, timeout=WAIT_MS)
    assert part.last.found
    return part.last.depth_um


@pytest.mark.parametrize(("index", "depth_um"), [(0, -4.0), (1, 5.0)])
def show_channel(qtbot, window, index):
    """Choose a channel, and wait until the panes show it."""
    choose(window, index)
    qtbot.waitUntil(
        lambda: [one.frame.channel for one in window.live._results] == [NAMES[index]],
        timeout=WAIT_MS,
    )


@pytest.mark.parametrize(("index", "depth_um"), [(0, -4.0), (1, 5.0)])
def test_a_double_click_asks_the_channel_that_the_pane_shows(qtbot, differing, index, depth_um):
    show_channel(qtbot, differing, index)
    found = [focused_at(qtbot, differing, BOTH) for _ in range(4)]
    assert found == pytest.approx([depth_um] * 4, abs=0.4)


def test_a_double_click_on_overlaid_channels_asks_the_one_that_shines_there(qtbot, differing):
    choose(differing, 2)
    pane = differing.grid.panes[1]
    qtbot.waitUntil(lambda: pane.picture.ndim == 3, timeout=WAIT_MS)
    for _ in range(3):
        assert focused_at(qtbot, differing, FIRST) == pytest.approx(2.0, abs=0.4)
        assert focused_at(qtbot, differing, SECOND) == pytest.approx(-6.0, abs=0.4)


def test_a_point_of_a_surface_is_of_the_channel_that_was_clicked(qtbot, differing):
    show_channel(qtbot, differing, 1)
    part = part_of(differing, "SurfacesPart")
    differing.actions_by_key["surface_pick"].trigger()
    pane = differing.grid.panes[1]
    for _ in range(3):
        before = len(part.state.points_um)
        QTest.mouseClick(
            pane.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot_of(pane, *BOTH)
        )
        qtbot.waitUntil(lambda n=before: len(part.state.points_um) > n, timeout=WAIT_MS)
        assert part.state.points_um[-1][0] == pytest.approx(5.0, abs=0.4)
